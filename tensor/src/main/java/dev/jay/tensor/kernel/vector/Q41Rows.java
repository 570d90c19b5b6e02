// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** q4_1: [scale: f16][least: f16][16 bytes: weight i low, weight i + 16 high]. */
final class Q41Rows extends WideRows {
    private static final int BLOCK = 32;
    private static final int BYTES = 20;
    private static final int QUANTS = 4;
    private static final FloatVector CODES =
            Lanes.toFloat(IntVector.zero(Lanes.I).addIndex(1)); // 0 .. 15

    Q41Rows() {
        super("q4_1");
    }

    private static IntVector levels(long p) {
        return CODES.mul(Lanes.half(p)).add(Lanes.half(p + 2)).reinterpretAsInts();
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
