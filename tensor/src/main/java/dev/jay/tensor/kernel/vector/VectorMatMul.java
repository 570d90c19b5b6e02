// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.MatMulKernel;

/**
 * Float arithmetic straight from the file's bytes. One row of activations: each row of weights is read once, in order.
 * More: four rows are decoded into working space, then {@link Tile}s. Both give the same bits.
 */
final class VectorMatMul implements MatMulKernel {
    private static final int TOKENS = 64; // rows of activations worked on at a time: they stay in the L2 cache
    private static final int SLICE =
            1024; // values of a row worked on at a time: four rows and four of x fit the L1 cache
    private static final long SUMS = 2L * Tile.SUMS; // of one tile
    private static final int TILES = TOKENS / Tile.SIDE;

    private static final RowCode PLAIN = new F32Rows();

    private final RowCode code;

    VectorMatMul(RowCode code) {
        this.code = code;
    }

    @Override
    public ActivationForm form() {
        return null;
    }

    /** [rows: 4 x stride][sums: a tile for each four rows of activations][x: TOKENS x stride]. */
    @Override
    public long scratchBytes(int cols, int n) {
        return (Tile.SIDE + (long) Math.min(n, TOKENS)) * stride(cols) + TILES * SUMS;
    }

    /** Bytes from row to row in working space. A line more than whole: rows a power of two apart evict each other. */
    private static int stride(int cols) {
        return (Lanes.padded(cols) + Lanes.STEP / 2) * Float.BYTES;
    }

    @Override
    public void run(
            long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch) {
        int padded = Lanes.padded(cols);
        if (n == 1 && padded == cols && code.hasDot()) {
            for (int r = from; r < to; r++) Lanes.set(y + r * 4L, code.dot(w + r * rowBytes, x, cols));
            return;
        }
        int stride = stride(cols);
        long sums = scratch + Tile.SIDE * (long) stride;
        long values = sums + TILES * SUMS;
        for (int first = 0; first < n; first += TOKENS) {
            int count = Math.min(TOKENS, n - first);
            long out = y + first * yStride * 4;
            for (int t = 0; t < count; t++) {
                PLAIN.decode(x + (first + t) * (cols * 4L), cols, values + t * (long) stride);
            }
            for (int r = from; r < to; r += Tile.SIDE) {
                int some = Math.min(Tile.SIDE, to - r);
                for (int i = 0; i < Tile.SIDE; i++) { // a short tile does its last row again
                    code.decode(w + (r + Math.min(i, some - 1)) * rowBytes, cols, scratch + i * (long) stride);
                }
                multiply(scratch, padded, stride, values, count, sums);
                write(sums, some, count, out + r * 4L, yStride);
            }
        }
    }

    private static void multiply(long rows, int cols, int stride, long x, int n, long sums) {
        Tile.clear(sums, (int) (Math.ceilDiv(n, Tile.SIDE) * SUMS));
        for (int k = 0; k < cols; k += SLICE) {
            int count = Math.min(SLICE, cols - k);
            for (int t = 0; t < n; t += Tile.SIDE) {
                int last = n - 1 - t; // a short tile does its last row again
                int two = Math.min(1, last);
                int three = Math.min(2, last);
                int four = Math.min(3, last);
                long w = rows + k * 4L;
                long at = x + t * (long) stride + k * 4L;
                long even = sums + t / Tile.SIDE * SUMS;
                Tile.run(w, stride, at, two, three, four, count, even);
                int odd = Lanes.BYTES;
                Tile.run(w + odd, stride, at + odd, two, three, four, count, even + Tile.SUMS);
            }
        }
    }

    private static void write(long sums, int rows, int n, long y, long yStride) {
        for (int t = 0; t < n; t++) {
            long even = sums + t / Tile.SIDE * SUMS;
            for (int r = 0; r < rows; r++) {
                int i = t % Tile.SIDE * Tile.SIDE + r;
                Lanes.set(y + (t * yStride + r) * 4, Tile.product(even, even + Tile.SUMS, i));
            }
        }
    }
}
