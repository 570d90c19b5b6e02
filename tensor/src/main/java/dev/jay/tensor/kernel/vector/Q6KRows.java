// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * q6_k: [128 bytes: low four bits][64 bytes: high two bits][16 x i8 scales][scale: f16]. A half block of 128 weights is
 * four runs of 32: run r has its low bits in bytes (r & 1) * 32 + i (high nibble for r above 1), its high bits in byte i
 * at bit 2r, and scale r * 2 + i / 16. A weight is scale * s * (q - 32).
 */
final class Q6KRows extends RowCode {
    private static final int BYTES = 210;
    private static final int RUN = 32;
    private static final int RUNS = 8;
    private static final int HIGH = 128;
    private static final int SCALES = 192;
    private static final int SCALE = 208;

    /** Sixteen weights, or as many as a vector holds. */
    private static FloatVector weights(long low, long high, int run, float scale) {
        IntVector lower =
                Lanes.bytes(low).lanewise(VectorOperators.LSHR, (run & 2) * 2).and(15);
        IntVector upper =
                Lanes.bytes(high).lanewise(VectorOperators.LSHR, run * 2).and(3);
        IntVector quants = upper.lanewise(VectorOperators.LSHL, 4).or(lower);
        return Lanes.toFloat(quants).sub(32).mul(scale);
    }

    private static long low(long block, int run) {
        return block + (run & 4) * 16L + (run & 1) * 32L;
    }

    private static long high(long block, int run) {
        return block + HIGH + (run & 4) * 8L;
    }

    private static float scale(long block, int index) {
        return Lanes.half(block + SCALE) * Lanes.ALL.get(ValueLayout.JAVA_BYTE, block + SCALES + index);
    }

    @Override
    void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        int runs = cols / RUN;
        for (int j = 0; j < runs; j++) {
            long p = w + j / RUNS * (long) BYTES;
            int run = j % RUNS;
            for (int i = 0; i < RUN; i += Lanes.LENGTH) {
                float scale = scale(p, run * 2 + i / 16);
                FloatVector v = weights(low(p, run) + i, high(p, run) + i, run & 3, scale);
                Lanes.store(v, to + (j * (long) RUN + i) * 4);
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
        int runs = cols / RUN;
        for (int j = 0; j < runs; j++) {
            long p = w + j / RUNS * (long) BYTES;
            int run = j % RUNS;
            long low = low(p, run);
            long high = high(p, run);
            long at = x + j * (RUN * 4L);
            even = weights(low, high, run & 3, scale(p, run * 2)).fma(Lanes.floats(at), even);
            odd = weights(low + 16, high + 16, run & 3, scale(p, run * 2 + 1)).fma(Lanes.floats(at + 64), odd);
        }
        return Lanes.sum(even.add(odd));
    }
}
