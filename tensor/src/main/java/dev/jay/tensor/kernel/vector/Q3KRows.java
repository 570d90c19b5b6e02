// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** q3_k: [32 bytes: third bits][64 bytes: low two bits][group scales: u6 x 16][scale: f16]; a group is a vector. */
final class Q3KRows extends WideRows {
    private static final int BLOCK = 256;
    private static final int BYTES = 110;
    private static final int LOW = 32;
    private static final int SCALES = 96;
    private static final int SCALE = 108;

    Q3KRows() {
        super("q3_k");
    }

    /** Group g, whose low bits are those of v from bit {@code shift} on and whose third one is bit {@code third} of h. */
    private static FloatVector weights(long p, int g, IntVector v, int shift, IntVector h, int third, float scale) {
        int low = Lanes.unsigned(p + SCALES + g % 8) >> g / 8 * 4 & 15;
        int high = Lanes.unsigned(p + SCALES + 8 + g % 4) >> g / 4 * 2 & 3;
        IntVector q = v.lanewise(VectorOperators.LSHR, shift).and(3);
        IntVector top = h.lanewise(VectorOperators.LSHR, third).and(1).lanewise(VectorOperators.LSHL, 2);
        return Lanes.toFloat(q.or(top).sub(4)).mul(scale * ((low | high << 4) - 32));
    }

    @Override
    void decodeWide(long w, int cols, long to) {
        int blocks = cols / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long p = w + b * (long) BYTES;
            float scale = Lanes.half(p + SCALE);
            IntVector h = Lanes.bytes(p);
            IntVector i = Lanes.bytes(p + 16);
            for (int half = 0; half < 2; half++) {
                IntVector v = Lanes.bytes(p + LOW + half * 32L);
                IntVector u = Lanes.bytes(p + LOW + half * 32L + 16);
                for (int j = 0; j < 4; j++) {
                    int g = half * 8 + j * 2;
                    long at = to + b * (BLOCK * 4L) + g * 64L;
                    Lanes.store(weights(p, g, v, 2 * j, h, g / 2, scale), at);
                    Lanes.store(weights(p, g + 1, u, 2 * j, i, g / 2, scale), at + Lanes.BYTES);
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
            IntVector h = Lanes.bytes(p);
            IntVector i = Lanes.bytes(p + 16);
            for (int half = 0; half < 2; half++) {
                IntVector v = Lanes.bytes(p + LOW + half * 32L);
                IntVector u = Lanes.bytes(p + LOW + half * 32L + 16);
                for (int j = 0; j < 4; j++) {
                    int g = half * 8 + j * 2;
                    long q = x + b * (BLOCK * 4L) + g * 64L;
                    even = weights(p, g, v, 2 * j, h, g / 2, scale).fma(Lanes.floats(q), even);
                    odd = weights(p, g + 1, u, 2 * j, i, g / 2, scale).fma(Lanes.floats(q + Lanes.BYTES), odd);
                }
            }
        }
        return Lanes.sum(even.add(odd));
    }
}
