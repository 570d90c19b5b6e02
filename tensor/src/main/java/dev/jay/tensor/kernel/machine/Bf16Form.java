// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.ActivationForm;

/**
 * Rows of x as bf16 tiles, in the order in which {@link Bf16MatMul} passes them by: blocks of up to 512 tokens; of each,
 * blocks of up to 512 columns; of each, groups of 32 tokens; of each, steps of 32 columns, two tiles {@code [column / 2:
 * 16][token: 16][column % 2: 2]} a step. Columns that are missing in the last step are zeros; tokens that are missing in
 * the last group have no meaning. What is subnormal becomes zero.
 */
final class Bf16Form implements ActivationForm {
    static final int TOKENS = 512; // of a block
    static final int COLS = 512; // of a block: 32 rows of w stay in the first-level cache
    static final int GROUP = 32; // tokens
    static final int STEP = 32; // columns

    /** Bytes of a step of a group: two tiles. */
    static final long STEP_BYTES = 2L * Tiles.BYTES;

    private final MachineCode.Function pack;

    Bf16Form(MachineCode.Function pack) {
        this.pack = pack;
    }

    @Override
    public String name() {
        return "bf16 tiles";
    }

    static int groups(int tokens) {
        return Math.ceilDiv(tokens, GROUP);
    }

    static int steps(int cols) {
        return Math.ceilDiv(cols, STEP);
    }

    /** Bytes from a block of tokens to the next, or of the last one. */
    static long tokenBlockBytes(int tokens, int cols) {
        return (long) groups(tokens) * steps(cols) * STEP_BYTES;
    }

    /** Where, in a block of so many tokens, the group that holds the t-th begins, in the block of columns from {@code col}. */
    static long place(int tokens, int cols, int t, int col) {
        int width = Math.min(COLS, cols - col);
        return ((long) groups(tokens) * (col / STEP) + (long) t / GROUP * steps(width)) * STEP_BYTES;
    }

    @Override
    public long bytes(int n, int cols) {
        long whole = n / TOKENS * tokenBlockBytes(TOKENS, cols);
        return whole + tokenBlockBytes(n % TOKENS, cols) + groups(n) * workBytes();
    }

    /** For the arguments and the tile on the way, which each group has to itself. */
    private static long workBytes() {
        return Words.BYTES + Tiles.BYTES;
    }

    @Override
    public int together() {
        return GROUP;
    }

    @Override
    public void pack(long x, int n, int cols, int from, int to, long packed) {
        for (int t = from; t < to; t += Tiles.ROWS) {
            long work = packed + bytes(n, cols) - (t / GROUP + 1) * workBytes();
            int block = t / TOKENS * TOKENS;
            int tokens = Math.min(TOKENS, n - block);
            long out = packed
                    + block / TOKENS * tokenBlockBytes(TOKENS, cols)
                    + (long) (t % GROUP / Tiles.ROWS) * Tiles.BYTES;
            Words.set(work, Bf16PackCode.PLACE, work + Words.BYTES);
            for (int col = 0; col < cols; col += COLS) {
                int width = Math.min(COLS, cols - col);
                long at = out + place(tokens, cols, t - block, col);
                int whole = width / STEP;
                if (whole > 0) run(work, x, cols, t, to, col, whole, 0xFFFFFFFFL, at);
                int rest = width % STEP;
                if (rest > 0)
                    run(work, x, cols, t, to, col + whole * STEP, 1, (1L << rest) - 1, at + whole * STEP_BYTES);
            }
        }
    }

    private void run(long work, long x, int cols, int token, int to, int col, int steps, long mask, long out) {
        Words.set(work, Bf16PackCode.OUT, out);
        Words.set(work, Bf16PackCode.STEPS, steps);
        Words.set(work, Bf16PackCode.COLS, mask);
        for (int i = 0; i < Tiles.ROWS; i++) {
            Words.set(work, Bf16PackCode.ROWS + i, x + 4L * ((long) Math.min(token + i, to - 1) * cols + col));
        }
        pack.call(work);
    }
}
