// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/**
 * One thread's share of y[n][rows] = x[n][cols] . w[rows][cols]. A leaf over raw addresses: whoever calls has checked
 * every length. Allocates nothing. In {@link Numerics#EXACT} a value of y depends on its row of w and its row of x alone.
 */
public interface MatMulKernel {
    /** What x must be packed to, or null for plain f32 rows. */
    ActivationForm form();

    /**
     * The fewest rows of x that it is for; for fewer the next provider's kernel is taken, though this one must be right
     * there too. In {@link Numerics#EXACT} it is 1: there the count of rows chooses no kernel.
     */
    default int leastRows() {
        return 1;
    }

    /**
     * The stated bound: |y - exact| <= bound * |row of w| * |row of x| (Euclidean norms), for finite values. Above what
     * float32 sums cost, it is the price of the form's rounding.
     */
    default double bound() {
        return 1e-5;
    }

    /** Bytes of working space for one call, for each thread. */
    long scratchBytes(int cols, int n);

    /**
     * @param w        first row of the matrix, rows {@code rowBytes} apart
     * @param from     first row of w to do
     * @param to       one past the last
     * @param x        n rows in {@link #form}
     * @param y        f32, y[t][r] at {@code y + 4 * (t * yStride + r)}
     * @param scratch  {@link #scratchBytes} bytes, aligned to 64
     */
    void run(long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch);
}
