// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.Threads;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints of a folder, the last two of them kept. Written beside the steps that follow (as DataStates-LLM does,
 * 2024): a snapshot is copied, which takes as long as reading memory, and a thread of its own writes the copy. Owns the
 * {@link CheckpointImage}. One caller at a time.
 */
final class Checkpoints implements AutoCloseable {
    private static final Pattern NAME = Pattern.compile("step-(\\d{8})\\.checkpoint");
    private static final int KEPT = 2;

    private final Path folder;
    private final String run;
    private final List<MemorySegment> parts;
    private final CheckpointImage image;
    private Thread writer;
    private volatile IOException failed;

    /** @param parts what is kept of a run: the same bytes each time */
    Checkpoints(Path folder, String run, List<MemorySegment> parts, Memory memory) {
        this.folder = folder;
        this.run = run;
        this.parts = parts;
        this.image = new CheckpointImage(run, parts, memory);
    }

    /** Of memory, for so many bytes of weights and of state. */
    static long roomBytes(long weights, long state) {
        return CheckpointImage.bytes(weights + state, 2);
    }

    static long bytes(List<MemorySegment> parts) {
        return parts.stream().mapToLong(MemorySegment::byteSize).sum();
    }

    /**
     * Takes a snapshot, which is on the disk some time later.
     *
     * @throws IOException if the one before could not be written
     */
    void take(int step) throws IOException {
        await();
        image.take(step);
        writer = Thread.ofPlatform().name("jay-checkpoint").start(() -> {
            try {
                image.write(folder.resolve(name(step)));
                List<Path> all = all();
                for (Path old : all.subList(Math.min(KEPT, all.size()), all.size())) Files.deleteIfExists(old);
            } catch (IOException e) {
                failed = e;
            }
        });
    }

    private static String name(int step) {
        return String.format(Locale.ROOT, "step-%08d.checkpoint", step);
    }

    /** Waits until what was taken is on the disk. */
    void await() throws IOException {
        if (writer != null) Threads.awaitEnd(writer); // half a checkpoint helps nobody
        writer = null;
        IOException e = failed;
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
        for (Path file : all()) {
            try {
                return Checkpoint.read(file, changed ? null : run, parts);
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
            image.close();
        }
    }
}
