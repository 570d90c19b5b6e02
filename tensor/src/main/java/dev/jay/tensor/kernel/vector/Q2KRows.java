// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** q2_k: [group scales low, offsets high: u8 x 16][64 bytes: codes of two bits][scale: f16][offset scale: f16]; a group is a vector. */
final class Q2KRows extends WideRows {
    private static final int BLOCK = 256;
    private static final int BYTES = 84;
    private static final int QUANTS = 16;
    private static final int SCALE = 80;

    Q2KRows() {
        super("q2_k");
    }

    /** Group g, whose codes are the lowest two bits of v from bit {@code shift} on. */
    private static FloatVector weights(long p, int g, IntVector v, int shift, float scale, float offset) {
        int pair = Lanes.unsigned(p + g);
        FloatVector q = Lanes.toFloat(v.lanewise(VectorOperators.LSHR, shift).and(3));
        return q.fma(Lanes.all(scale * (pair & 15)), Lanes.all(-offset * (pair >> 4)));
    }

    @Override
    void decodeWide(long w, int cols, long to) {
        int blocks = cols / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long p = w + b * (long) BYTES;
            float scale = Lanes.half(p + SCALE);
            float offset = Lanes.half(p + SCALE + 2);
            for (int half = 0; half < 2; half++) {
                IntVector v = Lanes.bytes(p + QUANTS + half * 32L);
                IntVector u = Lanes.bytes(p + QUANTS + half * 32L + 16);
                for (int j = 0; j < 4; j++) {
                    int g = half * 8 + j * 2;
                    long at = to + b * (BLOCK * 4L) + g * 64L;
                    Lanes.store(weights(p, g, v, 2 * j, scale, offset), at);
                    Lanes.store(weights(p, g + 1, u, 2 * j, scale, offset), at + Lanes.BYTES);
                }
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
            float scale = Lanes.half(p + SCALE);
            float offset = Lanes.half(p + SCALE + 2);
            for (int half = 0; half < 2; half++) {
                IntVector v = Lanes.bytes(p + QUANTS + half * 32L);
                IntVector u = Lanes.bytes(p + QUANTS + half * 32L + 16);
                for (int j = 0; j < 4; j++) {
                    int g = half * 8 + j * 2;
                    long q = x + b * (BLOCK * 4L) + g * 64L;
                    even = weights(p, g, v, 2 * j, scale, offset).fma(Lanes.floats(q), even);
                    odd = weights(p, g + 1, u, 2 * j, scale, offset).fma(Lanes.floats(q + Lanes.BYTES), odd);
                }
            }
        }
        return Lanes.sum(even.add(odd));
    }
}
