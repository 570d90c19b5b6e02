// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * q4_0: [scale: f16][16 bytes: weight i low, weight i + 16 high]. Where a vector holds sixteen floats, the block's
 * sixteen possible weights are made once and every nibble picks its own: one instruction for shift, convert and scale.
 */
final class Q4Rows extends RowCode {
    private static final int BLOCK = 32;
    private static final int BYTES = 18;
    private static final FloatVector LEVELS =
            Lanes.toFloat(IntVector.zero(Lanes.I).addIndex(1)).sub(8); // -8 .. 7

    @Override
    void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        int blocks = cols / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long p = w + b * (long) BYTES;
            long at = to + b * (BLOCK * 4L);
            FloatVector scale = Lanes.all(Lanes.half(p));
            for (int i = 0; i < BLOCK / 2; i += Lanes.LENGTH) {
                IntVector v = Lanes.bytes(p + 2 + i);
                Lanes.store(Lanes.toFloat(v.and(15)).sub(8).mul(scale), at + i * 4L);
                IntVector high = v.lanewise(VectorOperators.LSHR, 4).and(15);
                Lanes.store(Lanes.toFloat(high).sub(8).mul(scale), at + i * 4L + BLOCK / 2 * 4L);
            }
        }
    }

    @Override
    boolean hasDot() {
        return Lanes.WIDE;
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
            IntVector levels = LEVELS.mul(Lanes.half(p)).reinterpretAsInts();
            IntVector v = Lanes.bytes(p + 2);
            FloatVector low = v.selectFrom(levels).reinterpretAsFloats();
            FloatVector high =
                    v.lanewise(VectorOperators.LSHR, 4).selectFrom(levels).reinterpretAsFloats();
            even = low.fma(Lanes.floats(q), even);
            odd = high.fma(Lanes.floats(q + Lanes.BYTES), odd);
        }
        return Lanes.sum(even.add(odd));
    }
}
