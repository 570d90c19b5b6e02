// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.MatMulKernel;

/**
 * Float arithmetic straight from the file's bytes. One row of activations: each row of weights is read once, in order.
 * More: four rows are decoded into working space, then {@link Tile}s. Both give the same bits.
 */
final class VectorMatMul implements MatMulKernel {
    private static final int TOKENS = 128; // rows of activations for which sums are kept: they stay in the L2 cache
    private static final int SLICE = 512; // values of a row worked on at a time: four rows and four of x fit the L1 cache
    private static final long SUMS = 2L * Tile.SUMS; // of one tile
    private static final int TILES = TOKENS / Tile.SIDE;

    private final RowCode code;

    VectorMatMul(RowCode code) {
        this.code = code;
    }

    @Override
    public ActivationForm form() {
        return null;
    }

    /** [rows: 4 x padded][sums: a tile for each four rows of activations][x: n x padded, where cols is not a step]. */
    @Override
    public long scratchBytes(int cols, int n) {
        long padded = Lanes.padded(cols) * 4L;
        long x = cols == Lanes.padded(cols) ? 0 : n * padded;
        return Tile.SIDE * padded + TILES * SUMS + x;
    }

    @Override
    public void run(
            long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch) {
        int padded = Lanes.padded(cols);
        if (n == 1 && padded == cols && code.hasDot()) {
            for (int r = from; r < to; r++) Lanes.set(y + r * 4L, code.dot(w + r * rowBytes, x, cols));
            return;
        }
        long sums = scratch + Tile.SIDE * (padded * 4L);
        long rows = x;
        if (padded != cols) {
            rows = sums + TILES * SUMS;
            for (int t = 0; t < n; t++) pad(x + t * (cols * 4L), cols, rows + t * (padded * 4L));
        }
        for (int first = 0; first < n; first += TOKENS) {
            int count = Math.min(TOKENS, n - first);
            long out = y + first * yStride * 4;
            for (int r = from; r < to; r += Tile.SIDE) {
                int some = Math.min(Tile.SIDE, to - r);
                for (int i = 0; i < Tile.SIDE; i++) { // a short tile does its last row again
                    code.decode(w + (r + Math.min(i, some - 1)) * rowBytes, cols, scratch + i * (padded * 4L));
                }
                multiply(scratch, padded, rows + first * (padded * 4L), count, sums);
                write(sums, some, count, out + r * 4L, yStride);
            }
        }
    }

    private static void pad(long from, int cols, long to) {
        for (int i = 0; i < cols; i++) Lanes.set(to + i * 4L, Lanes.get(from + i * 4L));
        RowCode.zeroTail(to, cols);
    }

    private static void multiply(long rows, int cols, long x, int n, long sums) {
        long stride = cols * 4L;
        for (int k = 0; k < cols; k += SLICE) {
            int count = Math.min(SLICE, cols - k);
            long w = rows + k * 4L;
            for (int t = 0; t < n; t += Tile.SIDE) {
                long x0 = x + t * stride + k * 4L;
                long x1 = x0 + Math.min(1, n - 1 - t) * stride; // a short tile does its last row again
                long x2 = x0 + Math.min(2, n - 1 - t) * stride;
                long x3 = x0 + Math.min(3, n - 1 - t) * stride;
                long even = sums + t / Tile.SIDE * SUMS;
                int b = Lanes.BYTES;
                Tile.run(w, stride, x0, x1, x2, x3, count, even, k == 0);
                Tile.run(w + b, stride, x0 + b, x1 + b, x2 + b, x3 + b, count, even + Tile.SUMS, k == 0);
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
