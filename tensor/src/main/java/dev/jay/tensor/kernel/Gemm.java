// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import java.lang.foreign.MemorySegment;

/**
 * c[m][n] = a[m][k] . b[k][n], or added to what c holds; all f32 in rows. A value of c depends on its row of a, its column
 * of b, on k, and on what it was: not on m, n, strides, threads, or where it stands. Called by one thread at a time.
 */
public interface Gemm {
    /**
     * One factor. Borrows its values.
     *
     * @param values     rows of the matrix, or of its transpose
     * @param stride     values from a row to the next
     * @param transposed a[m][k] lies as [k][m], b[k][n] as [n][k]
     */
    record Factor(MemorySegment values, long stride, boolean transposed) {
        /** Rows as the product takes them. */
        public static Factor of(MemorySegment values, long stride) {
            return new Factor(values, stride, false);
        }

        /** Rows that are the product's columns. */
        public static Factor transposed(MemorySegment values, long stride) {
            return new Factor(values, stride, true);
        }
    }

    /**
     * What products take beside their matrices; of several, one after the other, the {@link #max}.
     *
     * @param each   bytes of a thread
     * @param shared bytes of all threads
     */
    record Room(long each, long shared) {
        /** Of no product. */
        public static final Room NONE = new Room(0, 0);

        public Room max(Room other) {
            return new Room(Math.max(each, other.each), Math.max(shared, other.shared));
        }

        /** Of so many threads together. */
        public long bytes(int threads) {
            return threads * each + shared;
        }
    }

    /** Of a product of that shape, and of any that is in no way greater. */
    Room room(int m, int n, int k);

    /**
     * @param c       values, {@code cStride} from a row to the next; must not overlap a factor
     * @param add     to what c holds; else c need hold nothing
     * @throws IllegalArgumentException if a segment is too short for its shape
     */
    void run(int m, int n, int k, Factor a, Factor b, MemorySegment c, long cStride, boolean add);
}
