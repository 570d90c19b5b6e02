// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** iq4_xs: [scale: f16][high bits of group scales: u2 x 8][low: u4 x 8], then groups of 32 as those of iq4_nl. */
final class Iq4XsRows extends WideRows {
    private static final int BLOCK = 256;
    private static final int GROUP = 32;
    private static final int BYTES = 136;
    private static final int QUANTS = 8;

    Iq4XsRows() {
        super("iq4_xs");
    }

    private static IntVector levels(float scale, int high, int low, int g) {
        int s = (low >>> 4 * g & 15 | (high >>> 2 * g & 3) << 4) - 32;
        return Levels.UNEVEN.mul(scale * s).reinterpretAsInts();
    }

    @Override
    void decodeWide(long w, int cols, long to) {
        int blocks = cols / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long p = w + b * (long) BYTES;
            float scale = Lanes.half(p);
            int high = Lanes.word(p) >>> 16;
            int low = Lanes.word(p + 4);
            for (int g = 0; g < BLOCK / GROUP; g++) {
                IntVector levels = levels(scale, high, low, g);
                IntVector v = Lanes.bytes(p + QUANTS + g * (GROUP / 2L));
                long at = to + b * (BLOCK * 4L) + g * (GROUP * 4L);
                Lanes.store(v.selectFrom(levels).reinterpretAsFloats(), at);
                v = v.lanewise(VectorOperators.LSHR, 4);
                Lanes.store(v.selectFrom(levels).reinterpretAsFloats(), at + Lanes.BYTES);
            }
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
            float scale = Lanes.half(p);
            int high = Lanes.word(p) >>> 16;
            int low = Lanes.word(p + 4);
            for (int g = 0; g < BLOCK / GROUP; g++) {
                IntVector levels = levels(scale, high, low, g);
                IntVector v = Lanes.bytes(p + QUANTS + g * (GROUP / 2L));
                long q = x + b * (BLOCK * 4L) + g * (GROUP * 4L);
                even = v.selectFrom(levels).reinterpretAsFloats().fma(Lanes.floats(q), even);
                v = v.lanewise(VectorOperators.LSHR, 4);
                odd = v.selectFrom(levels).reinterpretAsFloats().fma(Lanes.floats(q + Lanes.BYTES), odd);
            }
        }
        return Lanes.sum(even.add(odd));
    }
}
