// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.jay.tensor.format.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every provider's matrix multiplication, over every format, against the definition. */
class MatMulLaws {
    private static final int[] SIZES = {1, 13, 172, 702, 4098};
    private static final int[] COUNTS = {1, 2, 5};
    private static final int ROWS = 7;

    private final KernelFixture fixture = new KernelFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private interface Check {
        void run(MatMulKernel kernel, WeightFormat format, String about);
    }

    private void forAll(Check check, Numerics... wanted) {
        int checked = 0;
        for (Kernels kernels : fixture.providers) {
            for (WeightFormat format : KernelFixture.formats()) {
                for (Numerics numerics : wanted) {
                    Optional<MatMulKernel> kernel = kernels.matMul(format, numerics);
                    if (kernel.isEmpty()) continue;
                    checked++;
                    check.run(
                            kernel.get(),
                            format,
                            kernels.name() + " " + format.name() + " " + numerics + " seed=" + fixture.seed);
                }
            }
        }
        assertThat(checked).isGreaterThanOrEqualTo(KernelFixture.formats().size());
    }

    @Test
    void shouldStayWithinTheStatedBoundAtEverySize() {
        forAll(
                (kernel, format, about) -> {
                    for (int size : SIZES) {
                        int cols = KernelFixture.cols(format, size);
                        for (int n : COUNTS) {
                            long mark = fixture.room.mark();
                            MemorySegment w = fixture.weights(format, ROWS, cols);
                            compare(kernel, format, w, cols, n, about + " cols=" + cols + " n=" + n);
                            fixture.room.release(mark);
                        }
                    }
                },
                Numerics.values());
    }

    /** Infinite and NaN scales make what they make by definition, or at least nothing that looks like a number. */
    @Test
    void shouldAgreeOnBytesOfEveryKind() {
        forAll(
                (kernel, format, about) -> {
                    for (int round = 0; round < 20; round++) {
                        long mark = fixture.room.mark();
                        int cols = KernelFixture.cols(format, 40);
                        compare(kernel, format, fixture.wild(format, ROWS, cols), cols, 1 + round % 3, about);
                        fixture.room.release(mark);
                    }
                },
                Numerics.values());
    }

    /** The law of exact arithmetic: a value depends on its row of w and its row of x, and on nothing else. */
    @Test
    void shouldGiveTheSameBitsInAnyCompany() {
        forAll(
                (kernel, format, about) -> {
                    for (int size :
                            new int[] {40, 512, 1088}) { // with a tail, in whole rounds of blocks, in whole vectors
                        long mark = fixture.room.mark();
                        int cols = KernelFixture.cols(format, size);
                        int rows = 14;
                        int most = 137; // more than any kernel works on at once
                        int[] witnesses = {0, 1, 2, 3, 4, 15, 16, 39, 63, 64, 127, 128, 135, 136};
                        MemorySegment w = fixture.weights(format, rows, cols);
                        MemorySegment x = fixture.floats(most * cols);
                        MemorySegment alone = fixture.room.floats((long) most * rows);
                        long rowBytes = format.bytesFor(cols);
                        for (int t : witnesses) {
                            long inner = fixture.room.mark();
                            MemorySegment one = x.asSlice(4L * t * cols, 4L * cols);
                            MemorySegment y = fixture.run(kernel, w, rowBytes, cols, rows, 0, rows, one, 1);
                            MemorySegment.copy(y, 0, alone, 4L * t * rows, 4L * rows);
                            fixture.room.release(inner);
                        }
                        for (int n : new int[] {2, 3, 5, 17, 64, most}) {
                            int from = n % 7;
                            int to = rows - n % 5;
                            MemorySegment y = fixture.run(kernel, w, rowBytes, cols, rows, from, to, x, n);
                            for (int t : witnesses) {
                                if (t >= n) break;
                                long at = 4L * t * rows;
                                MemorySegment got = y.asSlice(at + 4L * from, 4L * (to - from));
                                long differs = got.mismatch(alone.asSlice(at + 4L * from, 4L * (to - from)));
                                if (differs >= 0) {
                                    fail("%s cols=%d n=%d t=%d r=%d", about, cols, n, t, from + differs / 4);
                                }
                            }
                        }
                        fixture.room.release(mark);
                    }
                },
                Numerics.EXACT);
    }

    private void compare(MatMulKernel kernel, WeightFormat format, MemorySegment w, int cols, int n, String about) {
        MemorySegment x = fixture.floats(n * cols);
        long rowBytes = format.bytesFor(cols);
        int from = n % 2;
        MemorySegment got = fixture.run(kernel, w, rowBytes, cols, ROWS, from, ROWS - 1, x, n);
        MemorySegment row = fixture.room.floats(cols);
        for (int r = 0; r < ROWS; r++) {
            format.decode(w, r * rowBytes, cols, row, 0);
            for (int t = 0; t < n; t++) {
                float y = Raw.get(got.address(), (long) t * ROWS + r);
                if (r < from || r >= ROWS - 1) {
                    assertThat(y)
                            .as("%s wrote a row that was not its own: r=%d", about, r)
                            .isNaN();
                    continue;
                }
                check(
                        y,
                        row.address(),
                        x.address() + 4L * t * cols,
                        cols,
                        kernel.bound(),
                        about + " r=" + r + " t=" + t);
            }
        }
    }

    private static void check(float got, long w, long x, int cols, double bound, String about) {
        double sum = 0;
        double ww = 0;
        double xx = 0;
        double lost = Float.MIN_NORMAL; // tiles take a weight that is subnormal as nothing
        for (int i = 0; i < cols; i++) {
            double a = Raw.get(w, i);
            double b = Raw.get(x, i);
            sum += a * b;
            ww += a * a;
            xx += b * b;
            lost += Float.MIN_NORMAL * Math.abs(b);
        }
        if (!Double.isFinite(sum)) {
            assertThat(Float.isFinite(got))
                    .as("%s wanted=%s got=%s", about, sum, got)
                    .isFalse();
        } else if (Math.sqrt(ww * xx) < Float.MAX_VALUE) {
            assertThat(Math.abs(got - sum))
                    .as("%s wanted=%s got=%s", about, sum, got)
                    .isLessThanOrEqualTo(bound * Math.sqrt(ww * xx) + lost);
        }
    }
}
