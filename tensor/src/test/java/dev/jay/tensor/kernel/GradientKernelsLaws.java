// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every provider's gradients against the definition, at sizes with and without a tail; nothing is touched behind an end. */
class GradientKernelsLaws {
    private static final int[] SIZES = {1, 2, 15, 16, 17, 31, 32, 64, 172, 702, 4098};
    private static final int ROWS = 5;
    private static final int GUARD = 16; // values behind each row that must stay

    private final KernelFixture fixture = new KernelFixture();
    private final ScalarGradients definition = new ScalarGradients();

    @AfterEach
    void close() {
        fixture.close();
    }

    private interface Operation {
        double run(GradientKernels kernels, long[] at);
    }

    private void hold(int size, double tolerance, Operation operation) {
        long mark = fixture.room.mark();
        MemorySegment x = fixture.floats(ROWS * (size + GUARD));
        for (int i = 0; i < size; i++) { // the last row: what is never negative
            long at = (ROWS - 1L) * (size + GUARD) + i;
            Raw.set(x.address(), at, Math.abs(Raw.get(x.address(), at)));
        }
        MemorySegment wanted = fixture.room.take(x.byteSize()).copyFrom(x);
        double result = operation.run(definition, rows(wanted, size));
        int held = 0;
        for (Kernels kernels : fixture.providers) {
            if (kernels.gradients().isEmpty()) continue;
            held++;
            MemorySegment got = fixture.room.take(x.byteSize()).copyFrom(x);
            double other = operation.run(kernels.gradients().get(), rows(got, size));
            assertThat(other).as(kernels.name() + " " + size).isCloseTo(result, near(result, tolerance));
            for (int i = 0; i < ROWS * (size + GUARD); i++) {
                double w = Raw.get(wanted.address(), i);
                boolean guarded = i % (size + GUARD) >= size;
                assertThat((double) Raw.get(got.address(), i))
                        .as("%s size=%d at=%d seed=%d", kernels.name(), size, i, fixture.seed)
                        .isCloseTo(w, guarded ? within(0.0) : near(w, tolerance));
            }
        }
        assertThat(held).isPositive();
        fixture.room.release(mark);
    }

    private static Offset<Double> near(double value, double tolerance) {
        return within(tolerance * (1 + Math.abs(value)));
    }

    private static long[] rows(MemorySegment all, int size) {
        long[] at = new long[ROWS];
        for (int r = 0; r < ROWS; r++) at[r] = all.address() + 4L * r * (size + GUARD);
        return at;
    }

    private static double none(Runnable work) {
        work.run();
        return 0;
    }

    @Test
    void shouldSum() {
        for (int n : SIZES) {
            hold(n, 1e-5 * Math.sqrt(n), (k, at) -> k.squares(at[0], n));
        }
    }

    @Test
    void shouldFollowSoftmaxSwiGluAndNorm() {
        for (int n : SIZES) {
            hold(n, 2e-6, (k, at) -> none(() -> k.swiGlu(at[0], at[1], at[2], at[3], n)));
            hold(n, 1e-5, (k, at) -> none(() -> k.rmsNorm(at[0], at[1], 1e-5f, at[2], at[3], at[4], n)));
        }
    }

    /** Rows of which the first sees one value, or all but the last few of them. */
    @Test
    void shouldSeeNothingBehind() {
        for (int n : SIZES) {
            for (int dim : new int[] {1, 2, 17, 40}) {
                int rows = Math.min(dim, n / dim);
                for (int first : new int[] {0, dim - rows}) {
                    hold(n, 2e-6, (k, at) -> none(() -> k.causalSoftmax(at[0], 3, first, rows, dim)));
                    hold(
                            n,
                            1e-5,
                            (k, at) -> none(() -> k.causalSoftmaxGradient(at[0], at[1], 0.125f, first, rows, dim)));
                }
            }
        }
    }

    @Test
    void shouldTakeTheSlopeOfTheCrossEntropy() {
        for (int n : SIZES) {
            for (int target : new int[] {0, n / 2, n - 1}) {
                hold(n, 1e-5, (k, at) -> k.crossEntropy(at[0], target, 0.25f, n));
            }
            hold(n, 1e-5, (k, at) -> {
                for (int i = 0; i < n; i++) Raw.set(at[0], i, i == n / 2 ? 80 : -80); // sure of it
                return k.crossEntropy(at[0], 0, 1, n);
            });
        }
    }

    /** In two pieces, the second of them greater by much or by nothing. */
    @Test
    void shouldSumExponentialsPieceByPiece() {
        for (int n : SIZES) {
            for (float more : new float[] {0, 3, -200}) {
                hold(n, 1e-5, (k, at) -> {
                    for (int i = 0; i < n; i++) Raw.set(at[1], i, Raw.get(at[1], i) + more);
                    MemorySegment own = fixture.floats(2);
                    Raw.set(own.address(), 0, Float.NEGATIVE_INFINITY);
                    Raw.set(own.address(), 1, 0);
                    k.logSum(at[0], own.address(), n);
                    k.logSum(at[1], own.address(), n);
                    return Raw.get(own.address(), 0) + Math.log(Raw.get(own.address(), 1));
                });
            }
            hold(n, 1e-5, (k, at) -> k.softmaxPart(at[0], 2, 0.5f, n));
        }
    }

    @Test
    void shouldStepAsAdamDoes() {
        GradientKernels.Adam by = new GradientKernels.Adam(0.5f, 0.9f, 0.95f, 1.3f, 1.7f, 1e-8f, 0.999f, 0.01f);
        GradientKernels.Adam alone = new GradientKernels.Adam(1, 0, 0, 1, 1, 1e-3f, 0, -1);
        for (int n : SIZES) {
            hold(n, 1e-5, (k, at) -> none(() -> k.adam(at[0], at[1], at[2], at[4], by, n)));
            hold(n, 1e-5, (k, at) -> none(() -> k.adam(at[0], at[1], at[2], at[4], alone, n)));
        }
    }

    @Test
    void shouldStepAlongTheGradient() {
        for (int n : SIZES) {
            hold(n, 1e-6, (k, at) -> none(() -> k.addSquares(at[4], at[0], n)));
            for (float keep : new float[] {0, 0.99f, 1}) {
                hold(n, 1e-6, (k, at) -> none(() -> k.descend(at[0], at[1], 0.3f, keep, n)));
                hold(n, 1e-6, (k, at) -> none(() -> k.descendEach(at[0], at[1], at[2], keep, n)));
            }
        }
    }
}
