// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.Threads;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints of a folder, the last two of them kept. Written beside the step that follows, straight from weights and
 * state, which forward and backward do not change (as DataStates-LLM has it, 2024); its update waits for what is not
 * written yet. Owns a thread while it writes, and the {@link CheckpointWriter}; borrows the trainer. One caller at a time.
 */
final class Checkpoints implements AutoCloseable {
    private static final Pattern NAME = Pattern.compile("step-(\\d{8})\\.checkpoint");
    private static final int KEPT = 2;

    private final Path folder;
    private final String run;
    private final Trainer trainer;
    private final CheckpointWriter writer;
    private Thread writing; // or done; null if there is nothing to wait for
    private volatile Throwable failed;

    Checkpoints(Path folder, String run, Trainer trainer, Memory memory) {
        this(folder, run, trainer, memory, () -> {});
    }

    /** @param pace told before each piece is read, on the thread that writes */
    Checkpoints(Path folder, String run, Trainer trainer, Memory memory, Runnable pace) {
        this.folder = folder;
        this.run = run;
        this.trainer = trainer;
        this.writer = new CheckpointWriter(run, trainer.parts(), memory, pace);
    }

    /** Of memory, whatever is kept. */
    static long roomBytes() {
        return CheckpointWriter.ROOM;
    }

    /**
     * Takes the step that the trainer is after; it is on the disk some time later. The trainer waits for that before it
     * changes anything.
     *
     * @throws IOException if the one before could not be written
     */
    void take() throws IOException {
        await();
        int step = trainer.steps();
        writing = Thread.ofPlatform().name("jay-checkpoint").start(() -> {
            try {
                writer.write(step, folder.resolve(name(step)));
                List<Path> all = all();
                for (Path old : all.subList(Math.min(KEPT, all.size()), all.size())) Files.deleteIfExists(old);
            } catch (IOException | RuntimeException | Error e) {
                failed = e;
            }
        });
        trainer.readBy(writing);
    }

    private static String name(int step) {
        return String.format(Locale.ROOT, "step-%08d.checkpoint", step);
    }

    /** Waits until what was taken is on the disk. */
    void await() throws IOException {
        if (writing != null) Threads.awaitEnd(writing); // half a checkpoint helps nobody
        writing = null;
        Throwable e = failed;
        failed = null;
        if (e != null) throw new IOException("checkpoint in " + folder + " could not be written: " + e.getMessage(), e);
    }

    /** Told of a file that could not be used. */
    interface Note {
        void say(String line);
    }

    /**
     * Fills the parts from the last checkpoint that is whole.
     *
     * @param changed whether they may be of another recipe, if their parts have the same sizes
     * @return its step; 0 if there is none, and then the parts hold anything if a file was broken
     * @throws IOException if they are of another run
     */
    int resume(Note note, boolean changed) throws IOException {
        await(); // what fills the parts must not get into a file of them
        for (Path file : all()) {
            try {
                return Checkpoint.read(file, changed ? null : run, trainer.parts());
            } catch (Checkpoint.OtherRunException e) {
                throw e;
            } catch (IOException e) {
                note.say(e.getMessage());
            }
        }
        return 0;
    }

    /** The last first. */
    private List<Path> all() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> number(f) >= 0)
                    .sorted(Comparator.comparingInt(Checkpoints::number).reversed())
                    .toList();
        }
    }

    private static int number(Path file) {
        Matcher m = NAME.matcher(file.getFileName().toString());
        return m.matches() ? Integer.parseInt(m.group(1)) : -1;
    }

    /** Waits for the writer; what it could not do was said by {@link #await}, or is lost. */
    @Override
    public void close() throws IOException {
        try {
            await();
        } finally {
            writer.close();
        }
    }
}
