// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** q5_1: [scale: f16][least: f16][fifth bits: u32][16 bytes: weight i low, weight i + 16 high]. */
final class Q51Rows extends WideRows {
    private static final int BLOCK = 32;
    private static final int BYTES = 24;
    private static final int QUANTS = 8;
    private static final int FIFTHS = 4;

    Q51Rows() {
        super("q5_1");
    }

    /** Sixteen weights of the codes in the lowest four bits of v and in these fifth ones. */
    private static FloatVector weights(IntVector v, int fifths, float scale, float least) {
        FloatVector q = Lanes.toFloat(v.and(15)).add(16, VectorMask.fromLong(Lanes.F, fifths & 0xFFFF));
        return q.fma(Lanes.all(scale), Lanes.all(least));
    }

    @Override
    void decodeWide(long w, int cols, long to) {
        int blocks = cols / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long p = w + b * (long) BYTES;
            float scale = Lanes.half(p);
            float least = Lanes.half(p + 2);
            int fifths = Lanes.word(p + FIFTHS);
            IntVector v = Lanes.bytes(p + QUANTS);
            long at = to + b * (BLOCK * 4L);
            Lanes.store(weights(v, fifths, scale, least), at);
            v = v.lanewise(VectorOperators.LSHR, 4);
            Lanes.store(weights(v, fifths >>> 16, scale, least), at + Lanes.BYTES);
        }
    }

    @Override
    float dot(long row, long values, int cols) {
        long w = Lanes.trusted(row);
        long x = Lanes.trusted(values);
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        int blocks = cols / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long p = w + b * (long) BYTES;
            long q = x + b * (BLOCK * 4L);
            float scale = Lanes.half(p);
            float least = Lanes.half(p + 2);
            int fifths = Lanes.word(p + FIFTHS);
            IntVector v = Lanes.bytes(p + QUANTS);
            even = weights(v, fifths, scale, least).fma(Lanes.floats(q), even);
            v = v.lanewise(VectorOperators.LSHR, 4);
            odd = weights(v, fifths >>> 16, scale, least).fma(Lanes.floats(q + Lanes.BYTES), odd);
        }
        return Lanes.sum(even.add(odd));
    }
}
