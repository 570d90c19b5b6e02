// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.machine.Words;

/**
 * Quantised weights times {@link ByteForm}: sums within a block are exact, and one order of float operations serves one
 * token and many. One token reads the rows as they lie; for more, sixteen rows at a time are made into a panel.
 */
final class Int8MatMul implements MatMulKernel {
    /** The code of one format. */
    record Code(Group group, MachineCode.Function decode, MachineCode.Function fill, MachineCode.Function[] multiply) {}

    /** Tokens that a function of {@link Code#multiply} takes at once; every remainder is a sum of these. */
    static final int[] TOKENS = {GemmCode.TOKENS, 2, 1};

    /**
     * A block of x is off by at most half of 1/127 of its greatest magnitude in each of 32 values: sqrt(32) / 254 of the
     * product of the norms, and the float sums beside it.
     */
    private static final double BOUND = Math.sqrt(ByteForm.BLOCK) / 254 + 1e-5;

    private static final int PANEL_ROWS = 16;

    private final ByteForm form;
    private final Code code;

    Int8MatMul(ByteForm form, Code code) {
        this.form = form;
        this.code = code;
    }

    @Override
    public ActivationForm form() {
        return form;
    }

    @Override
    public double bound() {
        return BOUND;
    }

    /** [arguments][place of a short group][place of rows on the way][chains][panel]; the last three for many tokens. */
    @Override
    public long scratchBytes(int cols, int n) {
        return n == 1 ? placeAt() : panelAt() + PanelCode.panelBytes(code.group, cols);
    }

    private long placeAt() {
        return Words.BYTES + Tail.placeBytes(code.group);
    }

    private long partsAt() {
        return placeAt() + PanelCode.PLACE_BYTES;
    }

    private long panelAt() {
        return partsAt() + GemmCode.PARTS_BYTES;
    }

    @Override
    public void run(
            long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch) {
        if (from >= to) return;
        long tail = Tail.bytes(code.group, rowBytes, cols);
        if (tail > 0) Words.clear(scratch + Words.BYTES, Tail.placeBytes(code.group));
        if (n == 1) {
            decode(w + from * rowBytes, rowBytes, cols, to - from, x, y + 4L * from, scratch);
            return;
        }
        for (int row = from; row < to; row += PANEL_ROWS) {
            int end = Math.min(to, row + PANEL_ROWS);
            fill(w, rowBytes, cols, row, end, scratch);
            multiply(cols, end - row, x, n, y + 4L * row, yStride, scratch);
        }
    }

    private long planeC(int cols) {
        return code.group.sumCols() == ByteForm.BLOCK ? ByteForm.planeC(cols) : ByteForm.planeC16(cols);
    }

    private void decode(long w, long rowBytes, int cols, int rows, long x, long y, long scratch) {
        Words.set(scratch, GemvCode.W, w);
        Words.set(scratch, GemvCode.ROW_BYTES, rowBytes);
        Words.set(scratch, GemvCode.ROWS, rows);
        Words.set(scratch, GemvCode.Q, x);
        Words.set(scratch, GemvCode.PLANE_D, x + ByteForm.planeD(cols));
        Words.set(scratch, GemvCode.PLANE_C, x + planeC(cols));
        Words.set(scratch, GemvCode.PLANE_XS, x + ByteForm.planeXs(cols));
        Words.set(scratch, GemvCode.Y, y);
        Words.set(scratch, GemvCode.GROUPS, cols / Group.COLS);
        Words.set(scratch, GemvCode.TAIL, Tail.bytes(code.group, rowBytes, cols));
        Words.set(scratch, GemvCode.TAIL_PLACE, scratch + Words.BYTES);
        code.decode.call(scratch);
    }

    /** Rows [from, to) to the panel; the last stands in for those that are missing. */
    private void fill(long w, long rowBytes, int cols, int from, int to, long scratch) {
        Words.set(scratch, PanelCode.GROUPS, cols / Group.COLS);
        Words.set(scratch, PanelCode.TAIL, Tail.bytes(code.group, rowBytes, cols));
        Words.set(scratch, PanelCode.TAIL_PLACE, scratch + Words.BYTES);
        Words.set(scratch, PanelCode.PANEL, scratch + panelAt());
        Words.set(scratch, PanelCode.PLACE, scratch + placeAt());
        for (int i = 0; i < PANEL_ROWS; i++) {
            Words.set(scratch, PanelCode.ROWS + i, w + Math.min(from + i, to - 1) * rowBytes);
        }
        code.fill.call(scratch);
    }

    private void multiply(int cols, int rows, long x, int n, long y, long yStride, long scratch) {
        long stride = ByteForm.rowBytes(cols);
        Words.set(scratch, GemmCode.PANEL, scratch + panelAt());
        Words.set(scratch, GemmCode.RECORDS, cols / code.group.sumCols());
        Words.set(scratch, GemmCode.X_STRIDE, stride);
        Words.set(scratch, GemmCode.Y_STRIDE, 4 * yStride);
        Words.set(scratch, GemmCode.MASK, 4L * (PANEL_ROWS - rows));
        Words.set(scratch, GemmCode.PARTS, scratch + partsAt());
        int t = 0;
        for (int i = 0; i < TOKENS.length; i++) {
            for (; n - t >= TOKENS[i]; t += TOKENS[i]) {
                long q = x + t * stride;
                Words.set(scratch, GemmCode.Q, q);
                Words.set(scratch, GemmCode.PLANE_D, q + ByteForm.planeD(cols));
                Words.set(scratch, GemmCode.PLANE_C, q + planeC(cols));
                Words.set(scratch, GemmCode.PLANE_XS, q + ByteForm.planeXs(cols));
                Words.set(scratch, GemmCode.Y, y + 4L * t * yStride);
                code.multiply[i].call(scratch);
            }
        }
    }
}
