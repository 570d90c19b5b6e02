// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * nf4: [scale: f16][4 parts of it, 255 for all][128 bytes: weight 2i high, 2i + 1 low], a code standing for one of
 * sixteen levels. A part is of 64 weights, which are four vectors: two of first weights, two of second, zipped.
 */
final class Nf4Rows extends WideRows {
    private static final int BLOCK = 256;
    private static final int BYTES = 134;
    private static final int RUN = 64;
    private static final int PARTS = 2;
    private static final int QUANTS = 6;

    Nf4Rows() {
        super("nf4");
    }

    private static IntVector levels(long block, int run) {
        float size = Lanes.half(block) * Lanes.unsigned(block + PARTS + run) / 255;
        return Levels.NORMAL.mul(size).reinterpretAsInts();
    }

    /** Half 0: the first sixteen of 32 weights; half 1: the others. */
    private static FloatVector weights(IntVector codes, IntVector levels, int half) {
        FloatVector first =
                codes.lanewise(VectorOperators.LSHR, 4).selectFrom(levels).reinterpretAsFloats();
        FloatVector second = codes.selectFrom(levels).reinterpretAsFloats();
        return first.rearrange(VectorShuffle.makeZip(Lanes.F, half), second);
    }

    @Override
    void decodeWide(long w, int cols, long to) {
        int runs = cols / RUN;
        for (int r = 0; r < runs; r++) {
            long p = w + r / (BLOCK / RUN) * (long) BYTES;
            int run = r % (BLOCK / RUN);
            IntVector levels = levels(p, run);
            for (int i = 0; i < RUN; i += 32) {
                IntVector codes = Lanes.bytes(p + QUANTS + (run * RUN + i) / 2);
                long at = to + (r * (long) RUN + i) * 4;
                Lanes.store(weights(codes, levels, 0), at);
                Lanes.store(weights(codes, levels, 1), at + Lanes.BYTES);
            }
        }
    }

    @Override
    float dot(long row, long values, int cols) {
        long w = Lanes.trusted(row);
        long x = Lanes.trusted(values);
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        int runs = cols / RUN;
        for (int r = 0; r < runs; r++) {
            long p = w + r / (BLOCK / RUN) * (long) BYTES;
            int run = r % (BLOCK / RUN);
            IntVector levels = levels(p, run);
            for (int i = 0; i < RUN; i += 32) {
                IntVector codes = Lanes.bytes(p + QUANTS + (run * RUN + i) / 2);
                long q = x + (r * (long) RUN + i) * 4;
                even = weights(codes, levels, 0).fma(Lanes.floats(q), even);
                odd = weights(codes, levels, 1).fma(Lanes.floats(q + Lanes.BYTES), odd);
            }
        }
        return Lanes.sum(even.add(odd));
    }
}
