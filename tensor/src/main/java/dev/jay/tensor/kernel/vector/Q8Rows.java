// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** q8_0: [scale: f16][32 x i8]. */
final class Q8Rows extends RowCode {
    private static final int BLOCK = 32;
    private static final int BYTES = 34;

    private static FloatVector weights(long q, FloatVector scale) {
        return Lanes.toFloat(Lanes.bytes(q)).mul(scale);
    }

    @Override
    void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        int blocks = cols / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long p = w + b * (long) BYTES;
            long at = to + b * (BLOCK * 4L);
            FloatVector scale = Lanes.all(Lanes.half(p));
            for (int i = 0; i < BLOCK; i += Lanes.LENGTH) Lanes.store(weights(p + 2 + i, scale), at + i * 4L);
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
            FloatVector scale = Lanes.all(Lanes.half(p));
            even = weights(p + 2, scale).fma(Lanes.floats(q), even);
            odd = weights(p + 2 + Lanes.LENGTH, scale).fma(Lanes.floats(q + Lanes.BYTES), odd);
            if (Lanes.LENGTH == 8) {
                even = weights(p + 18, scale).fma(Lanes.floats(q + 64), even);
                odd = weights(p + 26, scale).fma(Lanes.floats(q + 96), odd);
            }
        }
        return Lanes.sum(even.add(odd));
    }

    @Override
    boolean hasDot() {
        return Lanes.LENGTH >= 8;
    }
}
