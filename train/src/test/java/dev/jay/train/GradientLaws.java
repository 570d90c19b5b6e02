// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Precision;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Losses and gradients of every block against float64: sums in plain loops, and finite differences of them. */
class GradientLaws {
    private static final int SEQUENCES = 2;
    private static final int LENGTH = 9;

    private static TrainBed bed(boolean tied, String provider, Precision precision) {
        TrainBed bed = new TrainBed(TrainBed.SMALL, tied, precision, provider, 2, SEQUENCES, LENGTH);
        bed.excite();
        return bed;
    }

    @Test
    void lossShouldBeThatOfTheDefinition() {
        for (boolean tied : new boolean[] {true, false}) {
            try (TrainBed bed = bed(tied, null, Precision.F32)) {
                Batch batch = TrainBed.batch(SEQUENCES, LENGTH, 37, 1);
                double wanted = new Float64Llama(bed.parameters).loss(batch) / batch.counted();
                assertThat(bed.model.loss(batch)).isCloseTo(wanted, within(1e-5));
                assertThat(bed.model.addGradients(batch, 1) / batch.counted()).isCloseTo(wanted, within(1e-5));
            }
        }
    }

    /** Of every parameter of every block, many weights; of vectors all. */
    @Test
    void everyGradientShouldBeTheSlopeOfTheLoss() {
        for (String provider : new String[] {null, "scalar"}) {
            for (boolean tied : new boolean[] {true, false}) {
                try (TrainBed bed = bed(tied, provider, Precision.F32)) {
                    Batch batch = TrainBed.batch(SEQUENCES, LENGTH, 37, 2);
                    bed.model.addGradients(batch, 0.5f);
                    check(bed, batch, 0.5, 2e-4);
                }
            }
        }
    }

    private static void check(TrainBed bed, Batch batch, double weight, double tolerance) {
        Float64Llama definition = new Float64Llama(bed.parameters);
        Random random = new Random(4);
        for (Parameter p : bed.parameters.all()) {
            int count = (int) p.count();
            double scale = 0;
            for (int i = 0; i < count; i++) scale = Math.max(scale, Math.abs(Floats.get(p.gradient(), i)));
            assertThat(scale).as(p.name()).isGreaterThan(1e-3);
            for (int round = 0; round < Math.min(count, 40); round++) {
                int i = p.isMatrix() ? random.nextInt(count) : round;
                double wanted = weight * definition.slope(batch, p.name(), i);
                assertThat((double) Floats.get(p.gradient(), i))
                        .as(p.name() + "[" + i + "] of scale " + scale)
                        .isCloseTo(wanted, within(tolerance * scale + 1e-7));
            }
        }
    }

    /** Rounded factors move a gradient by some parts in a hundred of the greatest, no more. */
    @Test
    void gradientsInBf16ShouldBeNearTheSlopes() {
        try (TrainBed bed = bed(true, null, Precision.BF16)) {
            Batch batch = TrainBed.batch(SEQUENCES, LENGTH, 37, 3);
            bed.model.addGradients(batch, 1);
            check(bed, batch, 1, 0.08);
        }
    }

    /** More queries than are worked on at once, more tokens than a tile of logits has: the same as one by one. */
    @Test
    void longSequencesShouldAddUpLikeShortOnes() {
        ModelSpec spec = TrainBed.spec(1, 16, 2, 1, 8, 24, 64);
        try (TrainBed bed = new TrainBed(spec, true, Precision.F32, null, 2, 2, 600)) {
            bed.excite();
            Batch batch = TrainBed.batch(2, 600, 64, 6);
            double wanted = new Float64Llama(bed.parameters).loss(batch) / batch.counted();
            assertThat(bed.model.loss(batch)).isCloseTo(wanted, within(2e-5));
            bed.model.addGradients(batch, 1f / batch.counted());
            Float64Llama definition = new Float64Llama(bed.parameters);
            for (String name : new String[] {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "output_norm.weight"}) {
                Parameter p = bed.parameters.get(name);
                for (int i = 0; i < 4; i++) {
                    double slope = definition.slope(batch, name, i) / batch.counted();
                    assertThat((double) Floats.get(p.gradient(), i)).as(name).isCloseTo(slope, within(2e-5));
                }
            }
        }
    }

    @Test
    void threadsAndWhatElseIsThereShouldNotChangeABit() {
        Batch batch = TrainBed.batch(SEQUENCES, LENGTH, 37, 8);
        for (Precision precision : Precision.values()) {
            try (TrainBed one = new TrainBed(TrainBed.SMALL, true, precision, null, 1, SEQUENCES, LENGTH);
                    TrainBed three = new TrainBed(TrainBed.SMALL, true, precision, null, 3, 5, 40)) {
                one.model.addGradients(batch, 1);
                three.model.loss(TrainBed.batch(5, 40, 37, 9));
                three.model.addGradients(batch, 1);
                for (Parameter p : one.parameters.all()) {
                    assertThat(three.parameters.get(p.name()).gradient().mismatch(p.gradient()))
                            .as(p.name())
                            .isEqualTo(-1);
                }
            }
        }
    }

    /** What is computed again has the bits it had; and it takes less. */
    @Test
    void recomputingShouldNotChangeABit() {
        ModelSpec spec = TrainBed.spec(4, 20, 4, 2, 6, 60, 37);
        for (Precision precision : Precision.values()) {
            try (TrainBed kept = new TrainBed(spec, true, precision, null, 2, new TrainModel.Size(3, 40, false));
                    TrainBed again = new TrainBed(spec, true, precision, null, 2, new TrainModel.Size(3, 40, true))) {
                Batch batch = TrainBed.batch(2, 33, 37, 8);
                assertThat(again.model.addGradients(batch, 1)).isEqualTo(kept.model.addGradients(batch, 1));
                for (Parameter p : kept.parameters.all()) {
                    assertThat(again.parameters.get(p.name()).gradient().mismatch(p.gradient()))
                            .as(p.name())
                            .isEqualTo(-1);
                }
                assertThat(again.memory.byPurpose().get("train-activations"))
                        .isLessThan(kept.memory.byPurpose().get("train-activations") / 2);
            }
        }
    }

    /** A plan is of what is taken, to the byte; of a product's working space it is the most. */
    @Test
    void aPassShouldTakeWhatItsPlanSays() {
        for (boolean recompute : new boolean[] {false, true}) {
            TrainModel.Size size = new TrainModel.Size(2, 40, recompute);
            try (TrainBed bed = new TrainBed(TrainBed.SMALL, true, Precision.BF16, null, 2, size);
                    Parameters outline = Parameters.outline(TrainBed.SMALL, true)) {
                long before = bed.ops.gemm(Precision.BF16).workingBytes()
                        + bed.ops.workers()
                                * bed.ops.ofWorker(0).gemm(Precision.BF16).workingBytes();
                long taken = bed.memory.byPurpose().entrySet().stream()
                        .filter(e -> List.of("train-activations", "train-scratch", "train-turns")
                                .contains(e.getKey()))
                        .mapToLong(Map.Entry::getValue)
                        .sum();
                assertThat(TrainModel.bytes(outline, bed.ops, Precision.BF16, size))
                        .isEqualTo(taken + before);
                bed.model.addGradients(TrainBed.batch(2, 40, 37, 1), 1);
                Map<String, Long> after = bed.memory.byPurpose();
                assertThat(after.get("gemm-packed") + after.get("kernel-scratch"))
                        .isBetween(1L, before);
                assertThat(outline.bytes()).isEqualTo(after.get("train-weights"));
            }
        }
    }

    @Test
    void shouldRejectWhatDoesNotFit() {
        try (TrainBed bed = bed(true, "scalar", Precision.F32)) {
            assertThatThrownBy(() -> bed.model.loss(TrainBed.batch(3, LENGTH, 37, 1)))
                    .hasMessageContaining("sequences=3, length=9, allowed: as many tokens as 2 of 9");
            int[] tokens = {1, 37};
            assertThatThrownBy(() -> bed.model.loss(new Batch(2, tokens, new int[] {0, 0})))
                    .hasMessageContaining("token=37, vocabulary=37");
            assertThatThrownBy(() -> bed.model.loss(new Batch(2, new int[] {1, 2}, new int[] {-2, 0})))
                    .hasMessageContaining("token=-2");
            assertThatThrownBy(() -> new Batch(2, tokens, new int[1])).hasMessageContaining("targets=1");
            assertThat(bed.memory.byPurpose())
                    .containsKeys("train-weights", "train-gradients", "train-activations", "train-scratch");
        }
    }
}
