// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Memory;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** That the self-test sees what is wrong; products are in {@link KernelProvidersTest}. */
class SelfTestTest {
    private static final WeightFormat F32 = WeightFormats.ALL.make("f32");
    private static final WeightFormat Q8 = WeightFormats.ALL.make("q8_0");

    private final Memory memory = Memory.withBudget(16 << 20);
    private final SelfTest test = new SelfTest(memory);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void shouldNoticeARowOperationThatIsWrong() {
        assertThat(test.rows(new ScalarRows())).isEmpty();
        assertThat(test.rows(new ScalarRowsBut())).get().asString().contains("softmax: at=");
    }

    @Test
    void shouldNoticeAGradientThatIsWrong() {
        assertThat(test.gradients(new ScalarGradients())).isEmpty();
        assertThat(test.gradients(new ScalarGradientsBut())).get().asString().contains("swiglu: at=");
    }

    @Test
    void shouldNoticeAttentionThatIsWrong() {
        assertThat(test.attention(Q8, F32, 64, 7, new ScalarAttention(Q8, F32))).isEmpty();
        AttentionKernel uncapped = off(task -> task.softCap = 0);
        AttentionKernel unbiased = off(task -> task.bias = 0);
        AttentionKernel unmasked = off(task -> task.visibleTo[task.queries - 1] = task.toSlot);
        assertThat(test.attention(Q8, F32, 64, 7, uncapped)).get().asString().contains("queries=1");
        assertThat(test.attention(Q8, F32, 64, 7, unbiased)).get().asString().contains("queries=1");
        assertThat(test.attention(Q8, F32, 64, 7, unmasked)).get().asString().contains("queries=2");
    }

    /** The definition, of another task than it was given. */
    private static AttentionKernel off(Consumer<AttentionKernel.Task> change) {
        ScalarAttention definition = new ScalarAttention(Q8, F32);
        return new AttentionKernel() {
            @Override
            public long scratchBytes(Task task) {
                return definition.scratchBytes(task);
            }

            @Override
            public void run(Task task, long scratch) {
                float cap = task.softCap;
                long bias = task.bias;
                int[] to = task.visibleTo.clone();
                change.accept(task);
                definition.run(task, scratch);
                task.softCap = cap;
                task.bias = bias;
                task.visibleTo = to;
            }
        };
    }

    /** The definition, but the last value of a softmax is off. */
    private static final class ScalarRowsBut implements RowKernels {
        private final ScalarRows definition = new ScalarRows();

        @Override
        public void rmsNorm(long x, long gain, float eps, long out, int rows, int dim) {
            definition.rmsNorm(x, gain, eps, out, rows, dim);
        }

        @Override
        public void rotate(long x, int heads, int dim, int rotaryDim, long table, boolean interleaved) {
            definition.rotate(x, heads, dim, rotaryDim, table, interleaved);
        }

        @Override
        public void swiGlu(long x, long y, long count) {
            definition.swiGlu(x, y, count);
        }

        @Override
        public void add(long x, long y, long count) {
            definition.add(x, y, count);
        }

        @Override
        public void addBias(long x, long bias, int rows, int dim) {
            definition.addBias(x, bias, rows, dim);
        }

        @Override
        public void softmax(long x, float scale, int count) {
            definition.softmax(x, scale, count);
            Raw.set(x, count - 1, 1);
        }

        @Override
        public int argMax(long x, int count) {
            return definition.argMax(x, count);
        }
    }

    /** The definition, but gate and up are mixed up. */
    private static final class ScalarGradientsBut implements GradientKernels {
        private final ScalarGradients definition = new ScalarGradients();

        @Override
        public double squares(long x, int count) {
            return definition.squares(x, count);
        }

        @Override
        public void causalSoftmax(long x, float scale, int first, int rows, int dim) {
            definition.causalSoftmax(x, scale, first, rows, dim);
        }

        @Override
        public void causalSoftmaxGradient(long weights, long d, float scale, int first, int rows, int dim) {
            definition.causalSoftmaxGradient(weights, d, scale, first, rows, dim);
        }

        @Override
        public void swiGlu(long gate, long up, long d, long dUp, long count) {
            definition.swiGlu(up, gate, d, dUp, count);
        }

        @Override
        public void rmsNorm(long x, long gain, float eps, long dy, long dx, long dGain, int dim) {
            definition.rmsNorm(x, gain, eps, dy, dx, dGain, dim);
        }

        @Override
        public float crossEntropy(long x, int target, float weight, int count) {
            return definition.crossEntropy(x, target, weight, count);
        }

        @Override
        public void logSum(long x, long sums, int count) {
            definition.logSum(x, sums, count);
        }

        @Override
        public float softmaxPart(long x, float logSum, float weight, int count) {
            return definition.softmaxPart(x, logSum, weight, count);
        }

        @Override
        public void adam(long w, long g, long m, long v, Adam by, int count) {
            definition.adam(w, g, m, v, by, count);
        }

        @Override
        public void addSquares(long sums, long x, int count) {
            definition.addSquares(sums, x, count);
        }

        @Override
        public void descend(long w, long g, float step, float keep, int count) {
            definition.descend(w, g, step, keep, count);
        }

        @Override
        public void descendEach(long w, long g, long steps, float keep, int count) {
            definition.descendEach(w, g, steps, keep, count);
        }
    }
}
