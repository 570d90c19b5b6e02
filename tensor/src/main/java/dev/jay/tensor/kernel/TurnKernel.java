// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.WeightFormat;

/** f32 rows become rows that attention reads: plus a bias, turned each by angles of its own, in a format. A leaf. */
public interface TurnKernel {
    /**
     * What rows it is for.
     *
     * @param width       values of a row
     * @param dim         the first so many are turned: an even number, 0 for none
     * @param interleaved pairs are (2i, 2i+1); else (i, i + dim/2)
     * @param isBiased    whether there is a bias
     * @param to          the format: f32 or bf16
     */
    record Shape(int width, int dim, boolean interleaved, boolean isBiased, WeightFormat to) {
        public Shape {
            if (width < 1 || dim < 0 || dim > width || dim % 2 != 0) {
                throw new IllegalArgumentException("rows to be turned: width=" + width + ", turned=" + dim);
            }
        }

        @Override
        public String toString() {
            return width + " values, " + dim + " turned" + (interleaved ? " interleaved" : "")
                    + (isBiased ? ", biased" : "") + ", to " + to.name();
        }
    }

    /**
     * @param rows   address of n dense f32 rows, which are spent
     * @param bias   address of a row's f32, if there is any
     * @param angles address of dim/2 pairs (cos, sin), f32, for each row
     * @param to     address of dense rows; in f32 it may be {@code rows}
     */
    void run(long rows, int n, long bias, long angles, long to);
}
