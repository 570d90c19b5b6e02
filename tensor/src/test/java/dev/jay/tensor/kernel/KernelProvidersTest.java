// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.asm.CodePages;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Memory;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KernelProvidersTest {
    private static final WeightFormat F32 = WeightFormats.ALL.make("f32");
    private static final WeightFormat Q8 = WeightFormats.ALL.make("q8_0");

    private final Memory memory = Memory.withBudget(16 << 20);

    @Test
    void shouldRunOnTheDefinitionWithoutTheVectorModule() {
        try (KernelChoice choice = KernelProviders.choose(Cpu.SCALAR, null, memory)) {
            assertThat(choice.describe()).startsWith("scalar: preferred").contains("vector: needs the module");
            for (WeightFormat format : KernelFixture.formats()) {
                assertThat(choice.matMul(format, Numerics.EXACT).provider()).isEqualTo("scalar");
                assertThat(choice.attention(format, format, 256, 256, Numerics.EXACT)
                                .provider())
                        .isEqualTo("scalar");
            }
            assertThat(choice.rows().provider()).isEqualTo("scalar");
        }
        memory.close();
    }

    @Test
    void shouldBeginWithTheForcedOneOrSayWhyNot() {
        try (KernelChoice choice = KernelProviders.choose(Cpu.detect(), "scalar", memory)) {
            assertThat(choice.describe()).contains("vector: passed over, scalar was asked for");
            assertThat(choice.rows().provider()).isEqualTo("scalar");
        }
        assertThatThrownBy(() -> KernelProviders.choose(Cpu.SCALAR, "vector", memory))
                .hasMessageContaining("name=vector: needs the module jdk.incubator.vector");
        memory.close();
    }

    @Test
    void shouldBindNothingBeforeItIsAsked() {
        Trial trial = new Trial(Set.of(), -1);
        try (KernelChoice choice = trial.choice(memory, false)) {
            assertThat(choice.describe()).isEqualTo("trial: preferred; scalar: for the rest");
            assertThat(trial.binds).isZero();
            for (Numerics numerics : Numerics.values()) {
                assertThat(choice.matMul(Q8, numerics).provider()).isEqualTo("trial");
                assertThat(choice.matMul(Q8, numerics).kernel())
                        .isSameAs(choice.matMul(Q8, numerics).kernel());
            }
            assertThat(trial.binds).isEqualTo(1);
        }
        assertThat(trial.closes).isEqualTo(1);
        try (KernelChoice choice = trial.choice(memory, false)) {
            assertThat(choice.describe()).isNotEmpty();
        }
        assertThat(trial.binds).isEqualTo(trial.closes);
        memory.close();
    }

    @Test
    void shouldFallBackWhereAKernelIsWrongAndOnlyThere() {
        for (int wrong = 0; wrong < 2; wrong++) {
            Trial trial = new Trial(Set.of("f32"), 4 * wrong);
            try (KernelChoice choice = trial.choice(memory, false)) {
                assertThat(choice.matMul(F32, Numerics.FAST).provider()).isEqualTo("scalar");
                assertThat(choice.matMul(Q8, Numerics.FAST).provider()).isEqualTo("trial");
                assertThat(choice.describe())
                        .contains("trial: preferred, failed its self-test: matmul f32 FAST: cols=", "got=");
            }
            try (KernelChoice choice = trial.choice(memory, true)) {
                assertThatThrownBy(() -> choice.matMul(F32, Numerics.EXACT))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("cannot be forced: name=trial: failed its self-test: matmul f32 EXACT");
            }
        }
        memory.close();
    }

    @Test
    void shouldLeaveFewRowsToTheNextProviderWhereAKernelIsForMany() {
        Trial trial = new Trial(Set.of("f32"), -1);
        trial.least = 5;
        try (KernelChoice choice = trial.choice(memory, false)) {
            assertThat(choice.matMuls(F32, Numerics.FAST))
                    .extracting(KernelChoice.From::provider)
                    .containsExactly("trial", "scalar");
            assertThat(choice.matMul(F32, Numerics.FAST).provider()).isEqualTo("scalar");
            assertThat(choice.matMuls(Q8, Numerics.FAST))
                    .extracting(KernelChoice.From::provider)
                    .containsExactly("trial");
        }
        memory.close();
    }

    @Test
    void shouldFallBackWhenItDoesNotStart() {
        Trial trial = new Trial(Set.of(), -1);
        trial.refusal = new IllegalStateException("no pages");
        try (KernelChoice choice = trial.choice(memory, false)) {
            assertThat(choice.rows().provider()).isEqualTo("scalar");
            assertThat(choice.matMul(Q8, Numerics.FAST).provider()).isEqualTo("scalar");
            assertThat(choice.describe()).contains("trial: preferred, failed to start: ", "no pages");
            assertThat(trial.binds).isEqualTo(1);
        }
        assertThat(trial.closes).isZero();
        assertThatThrownBy(() -> tried(trial, memory, true).start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("name=trial: failed to start: ");
        memory.close();
    }

    private static TriedKernels tried(KernelProvider provider, Memory memory, boolean forced) {
        return new TriedKernels(provider, Cpu.SCALAR, memory, CodePages.ofThisSystem(), forced);
    }

    /** A provider whose products are the definition's, but for some formats one row is off. */
    private static final class Trial implements KernelProvider, Kernels {
        private final Set<String> wrong;
        private final int row;
        private RuntimeException refusal;
        private int least = 1; // rows of the wrong ones; with no wrong row they are right
        private int binds;
        private int closes;

        Trial(Set<String> wrong, int row) {
            this.wrong = wrong;
            this.row = row;
        }

        KernelChoice choice(Memory memory, boolean forced) {
            TriedKernels definition = tried(new ScalarKernels(), memory, false);
            return new KernelChoice(List.of(tried(this, memory, forced), definition), List.of());
        }

        @Override
        public String name() {
            return "trial";
        }

        @Override
        public Optional<String> unavailable(Cpu cpu) {
            return Optional.empty();
        }

        @Override
        public Kernels bind(Cpu cpu, Memory memory) {
            binds++;
            if (refusal != null) throw refusal;
            return this;
        }

        @Override
        public Optional<MatMulKernel> matMul(WeightFormat format, Numerics numerics) {
            return Optional.of(
                    wrong.contains(format.name()) ? new Broken(format, row, least) : new ScalarMatMul(format));
        }

        @Override
        public Optional<AttentionKernel> attention(WeightFormat k, WeightFormat v, int kw, int vw, Numerics numerics) {
            return Optional.empty();
        }

        @Override
        public Optional<RowKernels> rows() {
            return Optional.empty();
        }

        @Override
        public void close() {
            closes++;
        }
    }

    /** The definition, but one row is off, if any. */
    private record Broken(WeightFormat format, int row, int leastRows) implements MatMulKernel {
        @Override
        public ActivationForm form() {
            return null;
        }

        @Override
        public long scratchBytes(int cols, int n) {
            return new ScalarMatMul(format).scratchBytes(cols, n);
        }

        @Override
        public void run(
                long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch) {
            new ScalarMatMul(format).run(w, rowBytes, cols, from, to, x, n, y, yStride, scratch);
            if (row >= 0) Raw.set(y, row, Raw.get(y, row) + 1000);
        }
    }
}
