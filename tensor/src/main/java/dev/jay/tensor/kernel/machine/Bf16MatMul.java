// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.MatMulKernel;

/**
 * Weights of any format, rounded to bf16 as they are read, times {@link Bf16Form}, summed in f32. Of x a block of columns
 * stays in the second-level cache while rows of w pass by, 32 at a time; those rows stay in the first-level cache while
 * all tokens pass by; the sums of some hundred rows wait in the second-level cache for the next block of columns.
 */
final class Bf16MatMul implements MatMulKernel {
    /** The code of one format, and of tiles. */
    record Code(
            Unpack format,
            MachineCode.Function unpack,
            MachineCode.Function two,
            MachineCode.Function one,
            MachineCode.Function turn) {}

    /** Fewer tokens are not worth rounding the weights for. */
    private static final int LEAST_ROWS = 33;

    /**
     * Each factor is off by 2^-8 of itself at most, and sums of some ten thousand columns by (columns / 32 + 20) * 2^-24.
     */
    private static final double BOUND = 0x1p-7 + 0x1p-16 + 5e-5;

    private static final int ROWS = Bf16TileCode.GROUP;
    private static final int FETCHED = 2; // rows that {@link Bf16TileCode} fetches for a group, at most
    private static final long ARGS_BYTES = 3 * Words.BYTES;
    private static final long PLACE_BYTES = UnpackCode.PLACE_BYTES;
    private static final long ROWS_BYTES = (long) Bf16Form.COLS / Bf16Form.STEP * UnpackCode.STEP_BYTES;
    private static final long SUMS_BYTES = 512 * 1024; // of a core's second level, what sums may take

    private final Bf16Form form;
    private final Code code;

    Bf16MatMul(Bf16Form form, Code code) {
        this.form = form;
        this.code = code;
    }

    @Override
    public ActivationForm form() {
        return form;
    }

    @Override
    public int leastRows() {
        return LEAST_ROWS;
    }

    @Override
    public double bound() {
        return BOUND;
    }

    @Override
    public long scratchBytes(int cols, int n) {
        return sumsAt() + SUMS_BYTES;
    }

    /** After the arguments of three functions, the place, and rows of w. */
    private static long sumsAt() {
        return ARGS_BYTES + PLACE_BYTES + ROWS_BYTES;
    }

    @Override
    public void run(
            long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch) {
        long place = scratch + ARGS_BYTES;
        Words.set(scratch, UnpackCode.ROW_BYTES, rowBytes);
        Words.set(scratch, UnpackCode.OUT, place + PLACE_BYTES);
        Words.set(scratch, UnpackCode.PLACE, place);
        long args = scratch + Words.BYTES;
        Words.set(args, Bf16TileCode.ROWS_OF_W, place + PLACE_BYTES);
        Words.set(args, Bf16TileCode.NEXT_STRIDE, rowBytes);
        Words.set(
                args,
                Bf16TileCode.NEXT_STEP,
                (long) Bf16Form.STEP * code.format.blockBytes() / code.format.blockCols());
        for (int t = 0; t < n; t += Bf16Form.TOKENS) {
            int tokens = Math.min(Bf16Form.TOKENS, n - t);
            long block = x + t / Bf16Form.TOKENS * Bf16Form.tokenBlockBytes(Bf16Form.TOKENS, cols);
            long out = y + 4L * t * yStride;
            int groups = Bf16Form.groups(tokens);
            int fetched = Math.clamp(Math.ceilDiv(ROWS, groups), 1, FETCHED); // rows of the next, for each group
            Words.set(args, Bf16TileCode.NEXT_GROUP, fetched * rowBytes);
            Words.set(scratch, UnpackCode.AHEAD, fetched * groups < ROWS ? ROWS * rowBytes : 0); // else it need not
            int most = (int) (SUMS_BYTES / ((long) groups * Bf16TileCode.SUM_BYTES)) * ROWS;
            int parts = Math.ceilDiv(to - from, most);
            int each = Math.ceilDiv(to - from, parts * ROWS) * ROWS;
            for (int row = from; row < to; row += each) {
                int end = Math.min(to, row + each);
                part(w, rowBytes, cols, row, end, block, tokens, scratch);
                turn(scratch, end - row, tokens, out + 4L * row, yStride);
            }
        }
    }

    /** The sums of rows whose sums fit. */
    private void part(long w, long rowBytes, int cols, int from, int to, long x, int tokens, long scratch) {
        long args = scratch + Words.BYTES;
        for (int col = 0; col < cols; col += Bf16Form.COLS) {
            int width = Math.min(Bf16Form.COLS, cols - col);
            Words.set(args, Bf16TileCode.STEPS, Bf16Form.steps(width));
            Words.set(args, Bf16TileCode.BEGINS, col == 0 ? 1 : 0);
            for (int row = from; row < to; row += ROWS) {
                int rows = Math.min(ROWS, to - row);
                unpack(w + row * rowBytes, width, col, rows, scratch);
                boolean isLast = row + ROWS >= to;
                long next = isLast ? from * rowBytes + at(col + width) : (row + ROWS) * rowBytes + at(col);
                Words.set(args, Bf16TileCode.NEXT, w + next);
                int sums = (row - from) / ROWS * Bf16Form.groups(tokens);
                long at = scratch + sumsAt() + (long) sums * Bf16TileCode.SUM_BYTES;
                multiply(x + Bf16Form.place(tokens, cols, 0, col), tokens, width, at, args);
            }
        }
    }

    private void turn(long scratch, int rows, int tokens, long y, long yStride) {
        long args = scratch + 2 * Words.BYTES;
        int last = (rows - 1) % ROWS + 1;
        Words.set(args, Bf16TurnCode.C, scratch + sumsAt());
        Words.set(args, Bf16TurnCode.C_STRIDE, (long) Bf16Form.groups(tokens) * Bf16TileCode.SUM_BYTES);
        Words.set(args, Bf16TurnCode.ROW_GROUPS, Math.ceilDiv(rows, ROWS));
        Words.set(args, Bf16TurnCode.LAST_ROWS, (1L << last) - 1);
        Words.set(args, Bf16TurnCode.Y, y);
        Words.set(args, Bf16TurnCode.Y_STRIDE, 4 * yStride);
        Words.set(args, Bf16TurnCode.TOKENS, tokens);
        code.turn.call(args);
    }

    /** Where in a row the column is. */
    private long at(int col) {
        return (long) col / code.format.blockCols() * code.format.blockBytes();
    }

    /** Columns [col, col + width) of some rows to tiles. */
    private void unpack(long row, int width, int col, int rows, long scratch) {
        Unpack format = code.format;
        int whole = width / format.blockCols();
        long at = row + at(col);
        long out = scratch + ARGS_BYTES + PLACE_BYTES;
        Words.set(scratch, UnpackCode.ROWS, rows);
        if (whole > 0) unpack(at, whole, 0xFFFFFFFFL, out, scratch);
        int rest = width % format.blockCols();
        if (rest == 0) return;
        at += (long) whole * format.blockBytes();
        unpack(at, 1, (1L << rest) - 1, out + (long) whole * UnpackCode.STEP_BYTES, scratch);
    }

    private void unpack(long w, int blocks, long cols, long out, long scratch) {
        Words.set(scratch, UnpackCode.W, w);
        Words.set(scratch, UnpackCode.BLOCKS, blocks);
        Words.set(scratch, UnpackCode.COLS, cols);
        Words.set(scratch, UnpackCode.OUT, out);
        code.unpack.call(scratch);
    }

    private void multiply(long x, int tokens, int width, long sums, long args) {
        int last = tokens % ROWS;
        int few = last > 0 && last <= Tiles.ROWS ? last : 0; // two tiles would be one too many
        int many = tokens - few;
        Words.set(args, Bf16TileCode.X, x);
        Words.set(args, Bf16TileCode.C, sums);
        if (many > 0) {
            Words.set(args, Bf16TileCode.TOKENS, many);
            code.two.call(args);
        }
        if (few > 0) {
            int groups = many / ROWS;
            Words.set(args, Bf16TileCode.TOKENS, few);
            Words.set(args, Bf16TileCode.X, x + (long) groups * Bf16Form.steps(width) * Bf16Form.STEP_BYTES);
            Words.set(args, Bf16TileCode.C, sums + (long) groups * Bf16TileCode.SUM_BYTES);
            code.one.call(args);
        }
    }
}
