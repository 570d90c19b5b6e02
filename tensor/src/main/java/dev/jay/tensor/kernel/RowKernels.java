// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** The small operations between matrix multiplications, on dense f32 rows at raw addresses. Leaves: one thread, no allocation. */
public interface RowKernels {
    /** out[r] = x[r] / sqrt(mean(x[r]^2) + eps) * gain, for each of {@code rows} rows of {@code dim}. out may be x. */
    void rmsNorm(long x, long gain, float eps, long out, int rows, int dim);

    /**
     * Rotates the first {@code rotaryDim} values of each of {@code heads} heads of width {@code dim} of one row.
     *
     * @param table rotaryDim/2 pairs (cos, sin), f32
     * @param interleaved true: pairs are (2i, 2i+1); false: (i, i + rotaryDim/2)
     */
    void rotate(long x, int heads, int dim, int rotaryDim, long table, boolean interleaved);

    /** The same of rows of one head, each by angles of its own: those of row r at {@code table + 4 * r * rotaryDim}. */
    default void rotateEach(long x, int rows, int dim, int rotaryDim, long table, boolean interleaved) {
        for (int r = 0; r < rows; r++) {
            rotate(x + 4L * r * dim, 1, dim, rotaryDim, table + 4L * r * rotaryDim, interleaved);
        }
    }

    /** x = silu(x) * y. */
    void swiGlu(long x, long y, long count);

    /** x += y. */
    void add(long x, long y, long count);

    /** x[r] += y, for each of {@code rows} rows of {@code dim}. */
    void addBias(long x, long bias, int rows, int dim);

    /** x = gelu(x) * y, gelu by its formula with tanh. What y holds is spent. */
    default void geGlu(long x, long y, long count) {
        PlainRows.geGlu(this, x, y, count);
    }

    /** x = softmax(x * scale), in place. */
    void softmax(long x, float scale, int count);

    /** The index of the first NaN, so that none goes unseen; without one, that of the greatest, the lowest such index. */
    int argMax(long x, int count);
}
