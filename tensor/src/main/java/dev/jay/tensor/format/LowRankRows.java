// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.util.Random;

/**
 * Rows in another format, what that left as a product of low rank, and single values instead of those that come of both.
 * {@code [inner][b: width x rank][a: rows x rank][outliers: position:u16, value]}, all f16 but the positions, which count
 * values from the first row's first; one that is beyond the last is passed over.
 *
 * @param outliers how many
 */
public record LowRankRows(GroupFormat inner, int rank, int outliers) implements GroupFormat {
    public static final int OUTLIER_BYTES = 4;

    @Override
    public int rows() {
        return inner.rows();
    }

    @Override
    public int width() {
        return inner.width();
    }

    @Override
    public int bytes() {
        return outliersAt() + OUTLIER_BYTES * outliers;
    }

    /** Where b begins. */
    public int loadsAt() {
        return inner.bytes();
    }

    /** Where a begins. */
    public int factorsAt() {
        return loadsAt() + 2 * rank * width();
    }

    public int outliersAt() {
        return factorsAt() + 2 * rank * rows();
    }

    @Override
    public void decode(MemorySegment group, long at, MemorySegment out, long to) {
        inner.decode(group, at, out, to);
        int width = width();
        for (int t = 0; t < rows() && rank > 0; t++) {
            for (int c = 0; c < width; c++) {
                float sum = out.get(Floats.LAYOUT, to + 4L * (t * width + c));
                for (int r = 0; r < rank; r++) {
                    sum += Codes.half(group, at + factorsAt() + 2L * (t * rank + r))
                            * Codes.half(group, at + loadsAt() + 2L * (c * rank + r));
                }
                out.set(Floats.LAYOUT, to + 4L * (t * width + c), sum);
            }
        }
        for (int o = 0; o < outliers; o++) {
            long outlier = at + outliersAt() + (long) o * OUTLIER_BYTES;
            int i = group.get(Floats.SHORT, outlier) & 0xFFFF;
            if (i < rows() * width) out.set(Floats.LAYOUT, to + 4L * i, Codes.half(group, outlier + 2));
        }
    }

    @Override
    public void example(Random random, MemorySegment group, long at) {
        GroupFormat.super.example(random, group, at);
        inner.example(random, group, at);
        for (int o = 0; o < outliers; o++) {
            long outlier = at + outliersAt() + (long) o * OUTLIER_BYTES;
            group.set(Floats.SHORT, outlier, (short) random.nextInt(rows() * width()));
        }
    }
}
