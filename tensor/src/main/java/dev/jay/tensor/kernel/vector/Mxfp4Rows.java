// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** mxfp4: [exponent: u8][16 bytes: code i low, code i + 16 high], a code standing for one of {@link Levels#SMALL_FLOATS}. */
final class Mxfp4Rows extends WideRows {
    private static final int BLOCK = 32;
    private static final int BYTES = 17;
    private static final int QUANTS = 1;

    Mxfp4Rows() {
        super("mxfp4");
    }

    private static IntVector levels(long p) {
        int e = Lanes.unsigned(p);
        float scale = Float.intBitsToFloat(e < 2 ? 0x0020_0000 << e : e - 1 << 23);
        return Levels.SMALL_FLOATS.mul(scale).reinterpretAsInts();
    }

    @Override
    void decodeWide(long w, int cols, long to) {
        int blocks = cols / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long p = w + b * (long) BYTES;
            IntVector levels = levels(p);
            IntVector v = Lanes.bytes(p + QUANTS);
            long at = to + b * (BLOCK * 4L);
            Lanes.store(v.selectFrom(levels).reinterpretAsFloats(), at);
            v = v.lanewise(VectorOperators.LSHR, 4);
            Lanes.store(v.selectFrom(levels).reinterpretAsFloats(), at + Lanes.BYTES);
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
            IntVector levels = levels(p);
            IntVector v = Lanes.bytes(p + QUANTS);
            even = v.selectFrom(levels).reinterpretAsFloats().fma(Lanes.floats(q), even);
            v = v.lanewise(VectorOperators.LSHR, 4);
            odd = v.selectFrom(levels).reinterpretAsFloats().fma(Lanes.floats(q + Lanes.BYTES), odd);
        }
        return Lanes.sum(even.add(odd));
    }
}
