// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.kernel.Precision;
import dev.jay.train.block.Parameter;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    private static final String RUN = "a run";

    @TempDir
    private Path folder;

    private static Trainer trainer(TrainBed bed) {
        Trainer.Plan plan = new Trainer.Plan(Optimizers.ALL.make("adamw"), 0.01, Schedules.ALL.make("wsd"), 12, 1);
        return new Trainer(bed.model, bed.ops, plan, bed.memory);
    }

    private static TrainBed bed() {
        return new TrainBed(TrainBed.SMALL, true, Precision.BF16, null, 2, 2, 9);
    }

    private static void write(Path file, Trainer trainer, TrainBed bed) throws IOException {
        try (CheckpointImage image = new CheckpointImage(RUN, trainer.parts(), bed.memory)) {
            image.take(trainer.steps());
            image.write(file);
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
            try (Checkpoints all = new Checkpoints(folder, RUN, trainer.parts(), bed.memory)) {
                assertThat(all.resume(line -> {}, false)).isZero();
                for (int i = 1; i <= 4; i++) {
                    step(trainer);
                    all.take(i);
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
                long state = Trainer.stateBytes(bed.parameters, Optimizers.ALL.make("adamw"));
                assertThat(bed.memory.byPurpose().get("train-snapshot"))
                        .isEqualTo(Checkpoints.roomBytes(bed.parameters.bytes(), state));
            }
            try (Checkpoints other = new Checkpoints(folder, "b", trainer.parts(), bed.memory)) {
                Files.delete(folder.resolve("step-00000004.checkpoint"));
                assertThatThrownBy(() -> other.resume(line -> {}, false)).hasMessageContaining("it is of another run");
            }
            Files.createDirectory(folder.resolve("step-00000009.checkpoint.part"));
            Checkpoints bad = new Checkpoints(folder, RUN, trainer.parts(), bed.memory);
            bad.take(9);
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
}
