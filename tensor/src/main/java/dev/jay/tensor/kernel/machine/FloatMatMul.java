// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.MatMulKernel;

/**
 * Float weights times f32, four rows by some tokens where there are so many. Code for any width of registers serves, if
 * it takes the arguments of {@link FloatCode} and has an order of sums that is the same for few and for many.
 */
public final class FloatMatMul implements MatMulKernel {
    public static final int ROWS = 4; // at once, of the code for some

    /**
     * Code for one row and for four, by one token and by some.
     *
     * @param lanes  floats of a register
     * @param tokens how many are some
     */
    public record Code(
            MachineCode.Function oneByOne,
            MachineCode.Function oneBySome,
            MachineCode.Function fourByOne,
            MachineCode.Function fourBySome,
            int lanes,
            int tokens) {
        private MachineCode.Function of(int rows, int tokens) {
            if (rows == 1) return tokens == 1 ? oneByOne : oneBySome;
            return tokens == 1 ? fourByOne : fourBySome;
        }
    }

    private static final long CACHED = 256 * 1024; // bytes of w that stay near while the tokens pass by

    private final Code code;

    public FloatMatMul(Code code) {
        this.code = code;
    }

    @Override
    public ActivationForm form() {
        return null;
    }

    /** What float sums of some ten thousand columns can cost: (columns / lanes + 10) * 2^-24. */
    @Override
    public double bound() {
        return 1e-4;
    }

    @Override
    public long scratchBytes(int cols, int n) {
        return Words.BYTES;
    }

    @Override
    public void run(
            long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch) {
        Words.set(scratch, FloatCode.ROW_BYTES, rowBytes);
        Words.set(scratch, FloatCode.X_STRIDE, 4L * cols);
        Words.set(scratch, FloatCode.Y_STRIDE, 4 * yStride);
        Words.set(scratch, FloatCode.VECTORS, cols / code.lanes);
        Words.set(scratch, FloatCode.TAIL, (1L << cols % code.lanes) - 1);
        Words.set(scratch, FloatCode.REST, cols % code.lanes);
        if (n == 1) { // as memory lies, one row after the other
            part(w, rowBytes, from, to, 1, x, 1, y, scratch);
            return;
        }
        int most = Math.clamp(CACHED / rowBytes / ROWS * ROWS, ROWS, 1024);
        for (int row = from; row < to; row += most) {
            int end = Math.min(to, row + most);
            int whole = row + (end - row) / ROWS * ROWS;
            int tokens;
            for (int t = 0; t < n; t += tokens) {
                tokens = n - t >= code.tokens ? code.tokens : 1;
                long in = x + 4L * t * cols;
                long out = y + 4L * t * yStride;
                part(w, rowBytes, row, whole, ROWS, in, tokens, out, scratch);
                part(w, rowBytes, whole, end, 1, in, tokens, out, scratch);
            }
        }
    }

    private void part(long w, long rowBytes, int from, int to, int rows, long x, int tokens, long y, long scratch) {
        if (from >= to) return;
        Words.set(scratch, FloatCode.W, w + from * rowBytes);
        Words.set(scratch, FloatCode.X, x);
        Words.set(scratch, FloatCode.Y, y + 4L * from);
        Words.set(scratch, FloatCode.TIMES, (to - from) / rows);
        code.of(rows, tokens).call(scratch);
    }
}
