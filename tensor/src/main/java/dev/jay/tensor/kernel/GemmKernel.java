// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/**
 * The pieces of one thread's share of c[m][n] (+)= a[m][k] . b[k][n]: factors are packed, a part of k at a time, as the
 * code likes them, then multiplied. Leaves over raw addresses: whoever calls has checked every length. Each allocates
 * nothing. A value of c gets the same bits wherever it stands in a piece.
 */
public interface GemmKernel {
    /**
     * The stated bound: |c - exact| <= bound * |row of a| * |column of b| (Euclidean norms), for finite values whose
     * products and sums are neither too great nor too small for f32.
     */
    double bound();

    /** Rows of a, and columns of b, come in groups of so many; the last may be short. A divisor of 64. */
    int group();

    /** The most of k in one packed piece. */
    int depth();

    /** Bytes of {@code count} packed rows of a or columns of b; proportional to the groups in it. */
    long packedBytes(int count, int k);

    /** Bytes of working space, of each function. */
    long scratchBytes();

    /**
     * Packs m rows of a.
     *
     * @param a          f32, value (i, p) at {@code a + 4 * (i * stride + p)}; transposed: {@code a + 4 * (p * stride + i)}
     * @param k          at most {@link #depth}
     * @param to         {@link #packedBytes} bytes, aligned to 64
     */
    void packA(long a, long stride, boolean transposed, int m, int k, long to, long scratch);

    /**
     * Packs n columns of b.
     *
     * @param b f32, value (p, j) at {@code b + 4 * (p * stride + j)}; transposed: {@code b + 4 * (j * stride + p)}
     */
    void packB(long b, long stride, boolean transposed, int n, int k, long to, long scratch);

    /**
     * @param a   of {@link #packA}
     * @param b   of {@link #packB}
     * @param add to c; else c is only written
     * @param c   f32, value (i, j) at {@code c + 4 * (i * cStride + j)}
     */
    void multiply(long a, long b, int m, int n, int k, boolean add, long c, long cStride, long scratch);
}
