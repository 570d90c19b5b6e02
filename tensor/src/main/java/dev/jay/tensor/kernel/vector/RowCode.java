// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

/** What the vector kernels know of one weight format. Bytes are read where they lie; nothing beyond the row is touched. */
abstract class RowCode {
    /** Decodes a row to f32 at {@code to} (aligned), zeros up to {@link Lanes#padded}. */
    abstract void decode(long w, int cols, long to);

    /** True if {@link #dot} is there: one pass over the row, nothing stored in between. */
    boolean hasDot() {
        return true;
    }

    /**
     * The product of a row and f32 values, to the bit what {@link Tile} makes of the decoded row.
     *
     * @param cols a multiple of {@link Lanes#STEP}
     */
    abstract float dot(long w, long x, int cols);

    static void zeroTail(long to, int cols) {
        for (int i = cols; i < Lanes.padded(cols); i++) Lanes.set(to + i * 4L, 0);
    }
}
