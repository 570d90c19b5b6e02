// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.machine.Words;

/** Float weights times f32, four rows by three tokens where there are so many; see {@link FloatCode} for the order of sums. */
final class FloatMatMul implements MatMulKernel {
    /** Code for one row and for four, by one token and by three. */
    record Code(
            MachineCode.Function oneByOne,
            MachineCode.Function oneByThree,
            MachineCode.Function fourByOne,
            MachineCode.Function fourByThree) {
        MachineCode.Function of(int rows, int tokens) {
            if (rows == 1) return tokens == 1 ? oneByOne : oneByThree;
            return tokens == 1 ? fourByOne : fourByThree;
        }
    }

    private static final int ROWS = FloatCode.MOST_ROWS;
    private static final int TOKENS = FloatCode.MOST_TOKENS;
    private static final int LANES = 8;
    private static final long CACHED = 256 * 1024; // bytes of w that stay near while the tokens pass by

    private final Code code;

    FloatMatMul(Code code) {
        this.code = code;
    }

    @Override
    public ActivationForm form() {
        return null;
    }

    /** What float sums of some ten thousand columns can cost: (columns / 8 + 10) * 2^-24. */
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
        Words.set(scratch, FloatCode.VECTORS, cols / LANES);
        Words.set(scratch, FloatCode.TAIL, cols % LANES);
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
                tokens = n - t >= TOKENS ? TOKENS : 1;
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
