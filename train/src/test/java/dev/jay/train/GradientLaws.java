// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Precision;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import java.util.Arrays;
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

    /** To the byte, its products' working space and an optimiser's among it. */
    @Test
    void aRunShouldTakeWhatItsPlanSays() {
        List<ModelSpec> specs = List.of(
                TrainBed.SMALL,
                TrainBed.spec(2, 96, 4, 2, 24, 272, 300),
                TrainBed.spec(1, 40, 2, 1, 20, 600, 37),
                TrainBed.spec(1, 24, 4, 4, 6, 28, 9000)); // a vocabulary that is cut
        for (ModelSpec spec : specs) {
            for (Precision precision : Precision.values()) {
                for (String name : Optimizers.ALL.names()) {
                    long[] one = productBytes(spec, precision, name, 1);
                    assertThat(one[0]).isEqualTo(one[1]);
                    long[] two = productBytes(spec, precision, name, 2);
                    assertThat(two[0]).isLessThanOrEqualTo(two[1]); // a thread may have come too late for all of it
                }
            }
        }
    }

    /** What products took and what the plan has for them; all else is held to the plan here. */
    private static long[] productBytes(ModelSpec spec, Precision precision, String name, int threads) {
        TrainModel.Size size = new TrainModel.Size(2, 150, name.equals("sgd"));
        Optimizer optimizer = Optimizers.ALL.make(name);
        Trainer.Plan plan = new Trainer.Plan(optimizer, 1e-3, Schedules.ALL.make("constant"), 10, 1);
        try (TrainBed bed = new TrainBed(spec, true, precision, null, threads, size);
                Parameters outline = Parameters.outline(spec, true);
                Trainer trainer = new Trainer(bed.model, bed.ops, plan, bed.memory)) {
            long own = ofPurposes(bed.memory.byPurpose(), "train-activations", "train-scratch", "train-turns");
            Gemm.Room besides = Trainer.room(outline, optimizer, bed.ops);
            long planned = TrainModel.bytes(outline, bed.ops, precision, size, besides) - own;
            Batch some = TrainBed.batch(2, 150, spec.vocabulary(), 1);
            trainer.step(List.of(new Batch(150, some.tokens(), some.tokens())));
            Map<String, Long> after = bed.memory.byPurpose();
            long taken = ofPurposes(after, "gemm-packed", "kernel-scratch");
            assertThat(ofPurposes(bed.memory.peakByPurpose(), "gemm-packed", "kernel-scratch"))
                    .isEqualTo(taken);
            assertThat(ofPurposes(after, "train-optimizer")).isEqualTo(Trainer.stateBytes(outline, optimizer));
            assertThat(ofPurposes(after, "train-optimizer-scratch"))
                    .isEqualTo(Trainer.scratchBytes(outline, optimizer, bed.ops));
            assertThat(outline.bytes()).isEqualTo(after.get("train-weights"));
            return new long[] {taken, planned};
        }
    }

    private static long ofPurposes(Map<String, Long> books, String... purposes) {
        return Arrays.stream(purposes).mapToLong(p -> books.getOrDefault(p, 0L)).sum();
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
