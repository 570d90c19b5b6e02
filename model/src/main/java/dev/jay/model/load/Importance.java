// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.WeightFormat;
import java.lang.foreign.MemorySegment;

/**
 * How much a mistake in each column of a tensor matters.
 *
 * @param values of each column of the first matrix, then of the next
 * @param cols   columns of a matrix
 * @param rows   rows of a matrix
 */
record Importance(float[] values, int cols, long rows) {
    /** Codes whole rows, from the start of {@code floats}. */
    void encode(WeightFormat format, MemorySegment floats, long firstRow, int count, MemorySegment to, long at) {
        for (int r = 0; r < count; r++) {
            int matrix = (int) ((firstRow + r) / rows);
            long from = (long) r * cols * Float.BYTES;
            format.encodeRow(floats, from, values, matrix * cols, cols, to, at + r * format.bytesFor(cols));
        }
    }
}
