// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.memory.HugePages;
import java.util.List;

/**
 * Quantised weights times {@link Int8Form}: sums within a block are exact, and one order of float operations serves one
 * token and many. A few tokens read the rows as they lie; for more, sixteen rows at a time are made into a panel, and some
 * panels stay in the second-level cache while the tokens pass by them.
 */
final class Int8MatMul implements MatMulKernel {
    /** The code of one format. Functions that multiply stand in order, most tokens first, the last of one token. */
    record Code(
            Group group,
            Panel panel,
            MachineCode.Function decode,
            MachineCode.Function few,
            MachineCode.Function fill,
            List<Multiply> multiply) {}

    /** A function that multiplies by at most so many tokens at once, and at least. */
    record Multiply(int least, int tokens, MachineCode.Function function) {}

    /**
     * A block of x is off by at most half of 1/127 of its greatest magnitude in each of 32 values: sqrt(32) / 254 of the
     * product of the norms, and the float sums beside it.
     */
    private static final double BOUND = Math.sqrt(Int8Form.BLOCK) / 254 + 1e-5;

    private static final int PANEL_ROWS = 16;
    private static final int PANELS = 4; // at once, so that x comes from far once for all; a bit each for their rows
    private static final long PANEL_CACHE = 384 * 1024; // of a core's second level, what panels may take

    private final Int8Form form;
    private final HugePages pages;
    private final Code code;

    Int8MatMul(Int8Form form, HugePages pages, Code code) {
        this.form = form;
        this.pages = pages;
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

    @Override
    public long scratchBytes(int cols, int n) {
        if (n <= Int8Form.FEW) return Words.BYTES + GemvCode.tailPlaceBytes(code.group) + GemvCode.placeBytes(n);
        return panelsAt() + panels(cols) * panelBytes(cols);
    }

    /** Where panels begin in the working space: after two blocks of arguments and two places. */
    private static long panelsAt() {
        return 2 * Words.BYTES + PanelCode.PLACE_BYTES + GemmCode.PARTS_BYTES;
    }

    private long panelBytes(int cols) {
        return (long) code.panel.records(cols) * code.panel.record();
    }

    private long panels(int cols) {
        return Math.clamp(PANEL_CACHE / panelBytes(cols), 1, PANELS);
    }

    @Override
    public void run(
            long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch) {
        if (from >= to) return;
        if (n <= Int8Form.FEW) {
            Words.set(scratch, GemvCode.W, w + from * rowBytes);
            Words.set(scratch, GemvCode.ROWS, to - from);
            Words.set(scratch, GemvCode.Y, y + 4L * from);
            Words.set(scratch, GemvCode.Y_STRIDE, 4 * yStride);
            decode(rowBytes, cols, x, n, scratch);
            return;
        }
        int most = (int) panels(cols) * PANEL_ROWS;
        for (int row = from; row < to; row += most) {
            int end = Math.min(to, row + most);
            for (int r = row; r < end; r += PANEL_ROWS) {
                fill(w, rowBytes, cols, r, Math.min(end, r + PANEL_ROWS), panel(scratch, cols, r - row), scratch);
            }
            for (int t = 0; t < n; t += Int8Form.TOKENS) {
                long group = x + t / Int8Form.TOKENS * Int8Form.groupBytes(cols);
                int tokens = Math.min(Int8Form.TOKENS, n - t);
                multiply(cols, end - row, group, tokens, y + 4L * (t * yStride + row), yStride, scratch);
            }
        }
    }

    private long panel(long scratch, int cols, int row) {
        return scratch + panelsAt() + row / PANEL_ROWS * panelBytes(cols);
    }

    /** With the rows and y told already. */
    private void decode(long rowBytes, int cols, long x, int n, long scratch) {
        Group group = code.group;
        int groups = cols / group.cols();
        long tail = rowBytes - (long) groups * group.bytes();
        long place = scratch + Words.BYTES;
        if (tail > 0) Words.clear(place, GemvCode.tailPlaceBytes(group));
        Words.set(scratch, GemvCode.ROW_BYTES, rowBytes);
        Words.set(scratch, GemvCode.Q, group.isSplit() ? Int8Form.planeSplit(x, cols) : x);
        Words.set(scratch, GemvCode.PLANE_D, Int8Form.planeD(x, cols));
        boolean whole = group.sumCols() == Int8Form.BLOCK;
        Words.set(scratch, GemvCode.PLANE_C, whole ? Int8Form.planeC(x, cols) : Int8Form.planeC16(x, cols));
        Words.set(scratch, GemvCode.PLANE_XS, Int8Form.planeXs(x, cols));
        Words.set(scratch, GemvCode.GROUPS, groups);
        Words.set(scratch, GemvCode.TAIL, tail);
        Words.set(scratch, GemvCode.TAIL_PLACE, place);
        Words.set(scratch, GemvCode.TOKENS, n);
        Words.set(scratch, GemvCode.X_STRIDE, Int8Form.rowBytes(cols));
        Words.set(scratch, GemvCode.X_ALL, n * Int8Form.rowBytes(cols));
        Words.set(scratch, GemvCode.PLACE, place + GemvCode.tailPlaceBytes(group));
        Words.set(scratch, GemvCode.TOUCH, Ahead.touched(pages.holdMost()));
        (n == 1 ? code.decode : code.few).call(scratch);
    }

    /** Rows [from, to) to a panel; the last stands in for those that are missing. */
    private void fill(long w, long rowBytes, int cols, int from, int to, long panel, long scratch) {
        Words.set(scratch, PanelCode.BLOCKS, cols / code.panel.blockCols());
        Words.set(scratch, PanelCode.PANEL, panel);
        Words.set(scratch, PanelCode.PLACE, scratch + 2 * Words.BYTES);
        Words.set(scratch, PanelCode.NEXT, w + to * rowBytes);
        for (int i = 0; i < PANEL_ROWS; i++) {
            Words.set(scratch, PanelCode.ROWS + i, w + Math.min(from + i, to - 1) * rowBytes);
        }
        code.fill.call(scratch);
    }

    /** The panels of some rows, the last of them perhaps not full. */
    private void multiply(int cols, int rows, long group, int tokens, long y, long yStride, long scratch) {
        long args = scratch + Words.BYTES;
        long panel = panel(scratch, cols, 0);
        Words.set(args, GemmCode.PANEL_END, panel + panelBytes(cols));
        Words.set(args, GemmCode.Y_STRIDE, 4 * yStride);
        Words.set(args, GemmCode.PARTS, scratch + 2 * Words.BYTES + PanelCode.PLACE_BYTES);
        int t = 0;
        for (Multiply some : code.multiply) {
            while (tokens - t >= some.least) {
                int count = Math.min(some.tokens, tokens - t);
                Words.set(args, GemmCode.COUNT, count);
                Words.set(args, GemmCode.PANEL, panel);
                Words.set(args, GemmCode.ROWS, -1L >>> (Long.SIZE - rows));
                Words.set(args, GemmCode.Q, group + (long) t * Int8Form.BLOCK);
                Words.set(args, GemmCode.D, group + Int8Form.D + 4L * t);
                Words.set(args, GemmCode.Y, y + 4L * t * yStride);
                some.function.call(args);
                t += count;
            }
        }
    }
}
