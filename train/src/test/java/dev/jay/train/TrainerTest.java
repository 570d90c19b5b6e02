// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Precision;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainerTest {
    private static final Map<String, Double> RATES = Map.of("sgd", 1.0);

    private static Trainer.Plan plan(String optimizer, double rate, int steps, double clip) {
        return new Trainer.Plan(
                Optimizers.ALL.make(optimizer), rate, Schedules.ALL.make("cosine(warmup=0.1)"), steps, clip);
    }

    private static TrainBed bed(int threads) {
        return new TrainBed(TrainBed.SMALL, true, Precision.BF16, null, threads, 4, 16);
    }

    /** Sequences that count upwards from anywhere: a model that learns can tell what follows. */
    private static Batch counting(int step) {
        int[] tokens = new int[4 * 16];
        int[] targets = new int[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            int from = i / 16 * 11 + step;
            tokens[i] = (from + i) % 37;
            targets[i] = (from + i + 1) % 37;
        }
        return new Batch(16, tokens, targets);
    }

    @Test
    void everyOptimizerShouldLearnToCount() {
        for (Catalog.Entry<? extends Optimizer> entry : Optimizers.ALL.entries()) {
            double rate = RATES.getOrDefault(entry.name(), 0.02);
            try (TrainBed bed = bed(2);
                    Trainer trainer = new Trainer(bed.model, bed.ops, plan(entry.name(), rate, 300, 1), bed.memory)) {
                double first = trainer.step(List.of(counting(0))).loss();
                for (int i = 1; i < 300; i++) trainer.step(List.of(counting(i)));
                assertThat(first).as(entry.name()).isCloseTo(Math.log(37), within(0.2));
                assertThat(bed.model.loss(counting(1000))).as(entry.name()).isLessThan(first / 4);
            }
        }
    }

    @Test
    void sameStepsShouldGiveTheSameBitsWithAnyThreads() {
        try (TrainBed one = bed(1);
                TrainBed two = bed(2);
                Trainer a = new Trainer(one.model, one.ops, plan("adamw", 0.01, 20, 1), one.memory);
                Trainer b = new Trainer(two.model, two.ops, plan("adamw", 0.01, 20, 1), two.memory)) {
            for (int i = 0; i < 20; i++) {
                assertThat(a.step(List.of(counting(i), counting(i + 7))))
                        .isEqualTo(b.step(List.of(counting(i), counting(i + 7))));
            }
            for (Parameter p : one.parameters.all()) {
                assertThat(two.parameters.get(p.name()).value().mismatch(p.value()))
                        .as(p.name())
                        .isEqualTo(-1);
            }
        }
    }

    /** Two batches at once are one batch of both: gradients add up, and count by targets. */
    @Test
    void batchesOfAStepShouldCountByTheirTargets() {
        try (TrainBed whole = bed(2);
                TrainBed parts = bed(2);
                Trainer a = new Trainer(whole.model, whole.ops, plan("sgd", 0.1, 4, 1e9), whole.memory);
                Trainer b = new Trainer(parts.model, parts.ops, plan("sgd", 0.1, 4, 1e9), parts.memory)) {
            Batch all = TrainBed.batch(4, 16, 37, 1);
            Trainer.Report one = a.step(List.of(all));
            Trainer.Report two = b.step(List.of(part(all, 0, 1), part(all, 1, 4)));
            assertThat(two.loss()).isCloseTo(one.loss(), within(1e-6));
            assertThat(two.targets()).isEqualTo(one.targets()).isEqualTo(all.counted());
            assertThat(two.norm()).isCloseTo(one.norm(), within(1e-3 * one.norm()));
        }
    }

    private static Batch part(Batch b, int from, int to) {
        int at = from * b.length();
        int end = to * b.length();
        return new Batch(b.length(), Arrays.copyOfRange(b.tokens(), at, end), Arrays.copyOfRange(b.targets(), at, end));
    }

    @Test
    void clippingShouldShortenTheStepAndNothingElse() {
        try (TrainBed bed = bed(1);
                Trainer trainer = new Trainer(
                        bed.model,
                        bed.ops,
                        new Trainer.Plan(
                                Optimizers.ALL.make("sgd"), 1, Schedules.ALL.make("constant(warmup=0)"), 1, 0.01),
                        bed.memory)) {
            Parameter p = bed.parameters.get("blk.1.ffn_up.weight");
            float[] before = p.value().toArray(ValueLayout.JAVA_FLOAT);
            Trainer.Report report = trainer.step(List.of(counting(3)));
            assertThat(report.norm()).isGreaterThan(0.1);
            for (int i = 0; i < 50; i++) {
                double wanted = before[i] - Floats.get(p.gradient(), i) * 0.01 / report.norm();
                assertThat((double) Floats.get(p.value(), i)).isCloseTo(wanted, within(1e-7));
            }
        }
    }

    @Test
    void stateShouldBeInTheBooksAsPublished() {
        for (String name : List.of("adamw", "sgd", "sgd(momentum=0.9)")) {
            try (TrainBed bed = bed(1);
                    Trainer trainer = new Trainer(bed.model, bed.ops, plan(name, 0.1, 1, 1), bed.memory)) {
                long wanted = Trainer.stateBytes(bed.parameters, Optimizers.ALL.make(name));
                assertThat(bed.memory.byPurpose().getOrDefault("train-optimizer", 0L))
                        .isEqualTo(wanted);
                assertThat(trainer.steps()).isZero();
                long least = 4 * bed.parameters.count() * (name.equals("adamw") ? 2 : name.equals("sgd") ? 0 : 1);
                assertThat(wanted).isBetween(least, least + 4096);
            }
        }
    }

    /** Those that project remember less than AdamW, the less the lower the rank. */
    @Test
    void projectingShouldTakeLess() {
        Map<String, Long> bytes = new HashMap<>();
        for (String name : List.of("adamw", "galore", "galore(rank=2)", "apollo", "apollo(rank=2)", "apollo-mini")) {
            ModelSpec spec = TrainBed.spec(4, 64, 4, 2, 16, 176, 37);
            try (Parameters outline = Parameters.outline(spec, true);
                    TrainBed bed = new TrainBed(spec, true, Precision.F32, null, 1, 1, 8);
                    Trainer trainer = new Trainer(bed.model, bed.ops, plan(name, 0.1, 2, 1), bed.memory)) {
                long published = Trainer.stateBytes(outline, Optimizers.ALL.make(name));
                assertThat(bed.memory.byPurpose()).as(name).containsEntry("train-optimizer", published);
                assertThat(trainer.parts().stream()
                                .mapToLong(MemorySegment::byteSize)
                                .toArray())
                        .containsExactly(bed.parameters.values().byteSize(), published);
                trainer.step(List.of(TrainBed.batch(1, 8, 37, 1)));
                bytes.put(name, published);
            }
        }
        assertThat(bytes.get("galore")).isLessThan(bytes.get("adamw") / 2);
        assertThat(bytes.get("apollo")).isLessThan(bytes.get("galore"));
        assertThat(bytes.get("galore(rank=2)")).isLessThan(bytes.get("galore"));
        assertThat(bytes.get("apollo-mini")).isLessThan(bytes.get("apollo(rank=2)"));
    }

    /** Whatever an optimiser remembers is in its state: a run that goes on elsewhere has the same bits. */
    @Test
    void everyOptimizerShouldGoOnBitForBit() {
        for (Catalog.Entry<? extends Optimizer> entry : Optimizers.ALL.entries()) {
            try (TrainBed whole = bed(2);
                    TrainBed rest = bed(1);
                    Trainer a = new Trainer(whole.model, whole.ops, plan(entry.name(), 0.01, 9, 1), whole.memory);
                    Trainer b = new Trainer(rest.model, rest.ops, plan(entry.name(), 0.01, 9, 1), rest.memory)) {
                for (int i = 0; i < 4; i++) a.step(List.of(counting(i)));
                for (int i = 0; i < 2; i++) b.parts().get(i).copyFrom(a.parts().get(i));
                b.resume(4);
                for (int i = 4; i < 9; i++) {
                    assertThat(b.step(List.of(counting(i)))).as(entry.name()).isEqualTo(a.step(List.of(counting(i))));
                }
            }
        }
    }

    @Test
    void shouldSayWhenItDiverges() {
        try (TrainBed bed = bed(1);
                Trainer trainer = new Trainer(bed.model, bed.ops, plan("sgd", 0.1, 4, 1), bed.memory)) {
            Floats.set(bed.parameters.get("blk.0.attn_q.weight").value(), 3, Float.NaN);
            assertThatThrownBy(() -> trainer.step(List.of(counting(0))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("training diverged: step=1, loss=NaN");
            assertThat(trainer.steps()).isZero();
            Batch silent = new Batch(1, new int[] {1}, new int[] {Batch.IGNORED});
            assertThatThrownBy(() -> trainer.step(List.of(silent))).hasMessageContaining("targets=0");
        }
    }
}
