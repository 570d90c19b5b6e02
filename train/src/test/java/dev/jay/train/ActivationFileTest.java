// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Precision;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import dev.jay.train.block.TrainedWeights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Activations that waited in a file are those that were saved. */
class ActivationFileTest {
    private static final ModelSpec SPEC = TrainBed.spec(6, 20, 4, 2, 6, 60, 37); // twelve blocks
    private static final int BLOCKS = 12;

    @TempDir
    private Path folder;

    private TrainBed bed(int inFile) {
        return new TrainBed(SPEC, true, Precision.F32, null, 2, new TrainModel.Size(3, 200, false, inFile), folder);
    }

    private static long activations(TrainBed bed) {
        return bed.memory.byPurpose().get("train-activations");
    }

    @Test
    void aFileShouldNotChangeABitWhateverLiesInIt() throws IOException {
        try (TrainBed kept = bed(0)) {
            for (int inFile = 1; inFile <= BLOCKS; inFile++) {
                kept.parameters.zeroGradients(kept.ops);
                try (TrainBed other = bed(inFile)) {
                    for (int step = 0; step < 2; step++) { // the second shorter, and a look between
                        Batch batch = TrainBed.batch(3 - step, 200 - 37 * step, 37, step);
                        assertThat(other.model.addGradients(batch, 1)).isEqualTo(kept.model.addGradients(batch, 1));
                        assertThat(other.model.loss(batch)).isEqualTo(kept.model.loss(batch));
                    }
                    for (Parameter p : kept.parameters.all()) {
                        assertThat(other.parameters.get(p.name()).gradient().mismatch(p.gradient()))
                                .as(p.name() + ", blocks in the file: " + inFile)
                                .isEqualTo(-1);
                    }
                    assertThat(other.model.fileBytes()).isPositive();
                }
            }
        }
        try (var left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    /** What is in memory at most is planned, and little more than half where all but three rooms is in the file. */
    @Test
    void memoryShouldBeWhatIsPlannedAndFarLess() {
        try (TrainBed kept = bed(0);
                TrainBed other = bed(BLOCKS);
                Parameters outline = Parameters.outline(SPEC, true)) {
            assertThat(activations(other)).isLessThan(activations(kept) * 55 / 100);
            long more = activations(kept) - activations(other);
            long planned = TrainModel.bytes(
                            outline, kept.ops, Precision.F32, new TrainModel.Size(3, 200, false), Gemm.Room.NONE)
                    - TrainModel.bytes(
                            outline,
                            kept.ops,
                            Precision.F32,
                            new TrainModel.Size(3, 200, false, BLOCKS),
                            Gemm.Room.NONE);
            assertThat(planned).isEqualTo(more);
        }
    }

    @Test
    void shouldSayWhatCannotBe() {
        assertThatThrownBy(() -> new TrainModel.Size(1, 8, true, 3)).hasMessageContaining("recompute=true, inFile=3");
        Path nowhere = folder.resolve("none");
        TrainModel.Size size = new TrainModel.Size(1, 8, false, 3);
        try (TrainBed bed = bed(0)) {
            TrainedWeights weights = new TrainedWeights(bed.parameters, bed.ops, bed.ops.gemm(Precision.F32));
            long before = bed.memory.used();
            assertThatThrownBy(() ->
                            new TrainModel(weights, bed.parameters, bed.ops, Precision.F32, size, bed.memory, nowhere))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("activations cannot be kept in " + nowhere);
            assertThat(bed.memory.used()).isEqualTo(before);
        }
    }
}
