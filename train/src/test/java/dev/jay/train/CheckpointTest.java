// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.train.block.Parameter;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    private static final String RUN = "a run";
    private static final String[] OPTIMIZERS = {
        "adamw", "sgd", "sgd(momentum=0.9)", "galore(rank=2,gap=2)", "apollo(rank=2,gap=2)", "apollo-mini"
    };

    @TempDir
    private Path folder;

    private static Trainer trainer(TrainBed bed) {
        return trainer(bed, "adamw");
    }

    private static Trainer trainer(TrainBed bed, String optimizer) {
        Trainer.Plan plan = new Trainer.Plan(Optimizers.ALL.make(optimizer), 0.01, Schedules.ALL.make("wsd"), 12, 1);
        return new Trainer(bed.model, bed.ops, plan, bed.memory);
    }

    private static TrainBed bed() {
        return new TrainBed(TrainBed.SMALL, true, Precision.BF16, null, 2, 2, 9);
    }

    private static void write(Path file, Trainer trainer, TrainBed bed) throws IOException {
        try (CheckpointWriter writer = new CheckpointWriter(RUN, trainer.parts(), bed.memory, () -> {})) {
            writer.write(trainer.steps(), file);
        }
    }

    private static Trainer.Report step(Trainer trainer) {
        return trainer.step(List.of(TrainBed.batch(2, 9, 37, trainer.steps())));
    }

    /** Resumed from any step, the rest of a run has the bits it would have had. */
    @Test
    void aResumedRunShouldGoOnBitForBit() throws IOException {
        Path file = folder.resolve("run.ckpt");
        for (int cut : new int[] {0, 1, 7}) {
            try (TrainBed whole = bed();
                    Trainer all = trainer(whole)) {
                for (int i = 0; i < 12; i++) {
                    if (i == cut) write(file, all, whole);
                    step(all);
                }
                try (TrainBed rest = bed();
                        Trainer resumed = trainer(rest)) {
                    rest.parameters.randomise(99);
                    resumed.resume(Checkpoint.read(file, RUN, resumed.parts()));
                    assertThat(resumed.steps()).isEqualTo(cut);
                    while (resumed.steps() < 12) step(resumed);
                    for (Parameter p : whole.parameters.all()) {
                        assertThat(rest.parameters.get(p.name()).value().mismatch(p.value()))
                                .as(p.name())
                                .isEqualTo(-1);
                    }
                }
            }
        }
        assertThat(folder.toFile().list()).containsExactly("run.ckpt");
    }

    /** The steps that follow change nothing of a snapshot; two are kept; a broken one gives way to the one before. */
    @Test
    void snapshotsShouldBeOfTheirStep() throws IOException {
        try (TrainBed bed = bed();
                Trainer trainer = trainer(bed)) {
            byte[] second = new byte[0];
            try (Checkpoints all = new Checkpoints(folder, RUN, trainer, bed.memory)) {
                assertThat(all.resume(line -> {}, false)).isZero();
                for (int i = 1; i <= 4; i++) {
                    step(trainer);
                    all.take();
                    if (i == 3) second = bed.parameters.values().toArray(ValueLayout.JAVA_BYTE);
                }
                step(trainer);
                all.await();
                assertThat(folder.toFile().list())
                        .containsExactlyInAnyOrder("step-00000003.checkpoint", "step-00000004.checkpoint");
                Files.write(folder.resolve("step-00000004.checkpoint"), new byte[100]);
                List<String> notes = new ArrayList<>();
                assertThat(all.resume(notes::add, false)).isEqualTo(3);
                assertThat(notes).hasSize(1).first().asString().contains("step-00000004.checkpoint cannot be used");
                assertThat(bed.parameters.values().toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(second);
                assertThat(bed.memory.byPurpose().get("train-checkpoint")).isEqualTo(Checkpoints.roomBytes());
            }
            try (Checkpoints other = new Checkpoints(folder, "b", trainer, bed.memory)) {
                Files.delete(folder.resolve("step-00000004.checkpoint"));
                assertThatThrownBy(() -> other.resume(line -> {}, false)).hasMessageContaining("it is of another run");
            }
            Files.createDirectory(folder.resolve("step-00000005.checkpoint.part"));
            Checkpoints bad = new Checkpoints(folder, RUN, trainer, bed.memory);
            bad.take();
            assertThatThrownBy(bad::await).hasMessageContaining("could not be written");
            bad.close();
        }
    }

    @Test
    void aBrokenFileShouldBeRefusedWhereverItIsBroken() throws IOException {
        Path file = folder.resolve("run.ckpt");
        try (TrainBed bed = bed();
                Trainer trainer = trainer(bed)) {
            step(trainer);
            write(file, trainer, bed);
            byte[] good = Files.readAllBytes(file);
            for (int at = 0; at < good.length; at += at < 100 ? 1 : good.length / 50) {
                byte[] bad = good.clone();
                bad[at] ^= 4;
                Files.write(file, bad);
                assertThatThrownBy(() -> Checkpoint.read(file, RUN, trainer.parts()))
                        .as("byte " + at)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("cannot be used");
            }
            for (int length : new int[] {0, 7, 20, good.length / 2, good.length - 1}) {
                Files.write(file, Arrays.copyOf(good, length));
                assertThatThrownBy(() -> Checkpoint.read(file, RUN, trainer.parts()))
                        .hasMessageContaining("it ends at byte");
            }
            Files.write(file, good);
            assertThatThrownBy(() -> Checkpoint.read(file, "b run", trainer.parts()))
                    .hasMessageContaining("it is of another run: wanted b run, got a run");
            assertThat(Checkpoint.read(file, RUN, trainer.parts())).isEqualTo(1);
        }
    }

    private static List<byte[]> copies(Trainer trainer) {
        return trainer.parts().stream()
                .map(s -> s.toArray(ValueLayout.JAVA_BYTE))
                .toList();
    }

    private void assertFileHolds(int step, List<byte[]> wanted) throws IOException {
        List<MemorySegment> got = wanted.stream()
                .map(b -> MemorySegment.ofArray(new byte[b.length]))
                .toList();
        Path file = folder.resolve("step-0000000" + step + ".checkpoint");
        assertThat(Checkpoint.read(file, RUN, got)).isEqualTo(step);
        for (int i = 0; i < got.size(); i++) {
            assertThat(got.get(i).mismatch(MemorySegment.ofArray(wanted.get(i))))
                    .as("step " + step + ", first byte of part " + i + " that differs")
                    .isEqualTo(-1);
        }
    }

    /** What would change the parts while a disk is slow, as slow as can be, waits for it; the file is of the step before. */
    private void whileTheDiskIsSlow(TrainBed bed, Trainer trainer, Runnable change) throws Exception {
        CountDownLatch brake = new CountDownLatch(1);
        Checkpoints all = new Checkpoints(folder, RUN, trainer, bed.memory, () -> awaitOpen(brake));
        List<byte[]> wanted = copies(trainer);
        int step = trainer.steps();
        all.take();
        Thread changing = Thread.ofPlatform().start(change);
        // Of one compute thread, so it waits for nothing else.
        while (changing.getState() != Thread.State.WAITING && changing.isAlive()) Thread.onSpinWait();
        boolean waits = changing.isAlive();
        brake.countDown();
        changing.join();
        all.close();
        assertThat(waits).isTrue();
        assertFileHolds(step, wanted);
    }

    private static void awaitOpen(CountDownLatch brake) {
        try {
            brake.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void nothingOfALaterStepShouldGetIntoAFile() throws Exception {
        for (String name : OPTIMIZERS) {
            try (TrainBed bed = new TrainBed(TrainBed.SMALL, true, Precision.BF16, null, 1, 2, 9);
                    Trainer trainer = trainer(bed, name)) {
                step(trainer);
                step(trainer);
                List<byte[]> before = copies(trainer);
                whileTheDiskIsSlow(bed, trainer, () -> step(trainer));
                assertThat(trainer.steps()).isEqualTo(3);
                assertThat(copies(trainer).getFirst()).as(name).isNotEqualTo(before.getFirst());
            }
        }
    }

    @Test
    void aTrainerThatIsClosedShouldWaitForItsFile() throws Exception {
        try (TrainBed bed = new TrainBed(TrainBed.SMALL, true, Precision.BF16, null, 1, 2, 9)) {
            Trainer trainer = trainer(bed, "adamw");
            step(trainer);
            whileTheDiskIsSlow(bed, trainer, trainer::close);
        }
    }

    /** Steps much shorter than a write of several pieces, one right after the other. */
    @Test
    void filesShouldBeOfTheirStepsWhenStepsRace() throws Exception {
        ModelSpec spec = TrainBed.spec(2, 256, 4, 2, 64, 1024, 4096);
        try (TrainBed bed = new TrainBed(spec, true, Precision.BF16, null, 2, 1, 4);
                Trainer trainer = trainer(bed);
                Checkpoints all = new Checkpoints(folder, RUN, trainer, bed.memory)) {
            assertThat(trainer.parts().getLast().byteSize()).as("pieces").isGreaterThan(1 << 24);
            List<byte[]> before = null;
            for (int i = 1; i <= 6; i++) {
                trainer.step(List.of(TrainBed.batch(1, 4, 4096, i)));
                List<byte[]> now = copies(trainer);
                all.take(); // once the one before is written
                if (before != null) assertFileHolds(i - 1, before);
                before = now;
            }
            all.await();
            assertFileHolds(6, before);
        }
    }

    /** Whole lines of a file are whole lines of memory, so that nothing of the parts is copied. */
    @Test
    void partsShouldLieInMemoryAsInTheFile() {
        for (String name : OPTIMIZERS) {
            try (TrainBed bed = bed();
                    Trainer trainer = trainer(bed, name)) {
                MemorySegment weights = trainer.parts().getFirst();
                MemorySegment state = trainer.parts().getLast();
                ByteBuffer head = Checkpoint.head(1, RUN, trainer.parts());
                assertThat((weights.address() - head.remaining()) % 4096).isZero();
                assertThat((weights.address() + weights.byteSize()) % 4096).isZero();
                assertThat(state.address() % 4096).isZero();
            }
        }
    }

    /** Nor need they: then they are copied, a little at a time. So it is where the text has no spaces behind it. */
    @Test
    void partsMayLieAnywhere() throws IOException {
        Random random = new Random(3);
        int[] sizes = {0, 1, 4096, 8191, 300_000, 5};
        try (Memory memory = Memory.withBudget(16 << 20);
                Region region = memory.reserve("parts", 1 << 20)) {
            for (int shift : new int[] {0, 1, 64, 4095}) {
                List<MemorySegment> parts = new ArrayList<>();
                List<byte[]> wanted = new ArrayList<>();
                long at = shift;
                for (int size : sizes) {
                    MemorySegment part = region.bytes().asSlice(at, size);
                    byte[] bytes = new byte[size];
                    random.nextBytes(bytes);
                    part.copyFrom(MemorySegment.ofArray(bytes));
                    parts.add(part);
                    wanted.add(bytes);
                    at += size + shift;
                }
                Path file = folder.resolve("step-00000007.checkpoint");
                try (CheckpointWriter writer = new CheckpointWriter(RUN, parts, memory, () -> {})) {
                    writer.write(7, file);
                }
                assertFileHolds(7, wanted);
                Files.write(file, withoutSpaces(Files.readAllBytes(file)));
                assertFileHolds(7, wanted);
            }
        }
    }

    @Test
    void aTextThatIsTooLongShouldBeRefusedBeforeAStep() throws IOException {
        try (TrainBed bed = bed();
                Trainer trainer = trainer(bed)) {
            assertThatThrownBy(() -> new Checkpoints(folder, "x".repeat(61441), trainer, bed.memory))
                    .hasMessageContaining("text=61441 bytes, allowed: 61440");
            new Checkpoints(folder, "x".repeat(61440), trainer, bed.memory).close();
        }
    }

    /** As files were before texts ended in spaces. */
    private static byte[] withoutSpaces(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int text = in.getInt(12);
        int kept = RUN.length();
        assertThat(new String(file, 16, text, StandardCharsets.UTF_8)).isEqualTo(RUN + " ".repeat(text - kept));
        ByteBuffer out = ByteBuffer.allocate(file.length - text + kept).order(ByteOrder.LITTLE_ENDIAN);
        out.put(file, 0, 12).putInt(kept).put(file, 16, kept).put(file, 16 + text, file.length - 16 - text - 8);
        CRC32C sum = new CRC32C();
        sum.update(out.array(), 0, out.position());
        return out.putLong(sum.getValue()).array();
    }
}
