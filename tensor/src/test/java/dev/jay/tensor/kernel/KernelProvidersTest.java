// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.memory.Memory;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KernelProvidersTest {
    private final Memory memory = Memory.withBudget(16 << 20);

    @Test
    void shouldRunOnTheDefinitionWithoutTheVectorModule() {
        try (KernelChoice choice = KernelProviders.choose(Cpu.SCALAR, null, memory)) {
            assertThat(choice.describe()).contains("vector: needs the module").contains("scalar: in use");
            for (WeightFormat format : KernelFixture.formats()) {
                assertThat(choice.matMul(format, Numerics.EXACT).provider()).isEqualTo("scalar");
                assertThat(choice.attention(format, format, 256, 256).provider()).isEqualTo("scalar");
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
    void shouldNoticeAKernelThatIsWrong() {
        for (int wrong = 0; wrong < 2; wrong++) {
            int row = 4 * wrong;
            Kernels broken = new Kernels() {
                @Override
                public String name() {
                    return "broken";
                }

                @Override
                public Optional<MatMulKernel> matMul(WeightFormat format, Numerics numerics) {
                    return Optional.of(new Broken(format, row));
                }

                @Override
                public Optional<AttentionKernel> attention(WeightFormat k, WeightFormat v, int kw, int vw) {
                    return Optional.empty();
                }

                @Override
                public Optional<RowKernels> rows() {
                    return Optional.empty();
                }
            };
            assertThat(new SelfTest(broken, memory).fault()).get().asString().contains("matmul f32").contains("got=");
        }
        memory.close();
    }

    /** The definition, but one row is off. */
    private record Broken(WeightFormat format, int row) implements MatMulKernel {
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
            Raw.set(y, row, Raw.get(y, row) + 1000);
        }
    }
}
