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
    private static final int HALF = 128;
    private static final int SCALES = 192;
    private static final int SCALE = 208;

    private static float scale(long half, long p, int run) {
        return Lanes.half(p + SCALE) * Lanes.ALL.get(ValueLayout.JAVA_BYTE, half + run);
    }

    /** Of 0 .. 63. */
    private static IntVector quants(IntVector low, IntVector high, int lowShift, int highShift) {
        IntVector upper = highShift < 4
                ? high.lanewise(VectorOperators.LSHL, 4 - highShift)
                : high.lanewise(VectorOperators.LSHR, highShift - 4);
        return low.lanewise(VectorOperators.LSHR, lowShift).and(15).or(upper.and(48));
    }

    private static FloatVector weights(IntVector quants, float scale) {
        return Lanes.toFloat(quants).fma(Lanes.all(scale), Lanes.all(-32 * scale)); // one rounding, as of the product
    }

    @Override
    void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        int halves = cols / HALF;
        for (int h = 0; h < halves; h++) {
            long p = w + h / 2 * (long) BYTES;
            long low = p + (h & 1) * 64L;
            long high = p + 128 + (h & 1) * 32L;
            long scales = p + SCALES + (h & 1) * 8L;
            for (int i = 0; i < 32; i += Lanes.LENGTH) {
                IntVector v = Lanes.bytes(low + i);
                IntVector u = Lanes.bytes(low + 32 + i);
                IntVector t = Lanes.bytes(high + i);
                long at = to + (h * (long) HALF + i) * 4;
                int s = i / 16;
                Lanes.store(weights(quants(v, t, 0, 0), scale(scales, p, s)), at);
                Lanes.store(weights(quants(u, t, 0, 2), scale(scales, p, s + 2)), at + 128);
                Lanes.store(weights(quants(v, t, 4, 4), scale(scales, p, s + 4)), at + 256);
                Lanes.store(weights(quants(u, t, 4, 6), scale(scales, p, s + 6)), at + 384);
            }
        }
    }

    @Override
    boolean hasDot() {
        return Lanes.WIDE;
    }

    /** Vector i of each run of two goes to sum i. One pass for each, so that the loop stays small. */
    @Override
    float dot(long w, long x, int cols) {
        return Lanes.sum(half(w, x, cols, 0).add(half(w, x, cols, 1)));
    }

    /** Two runs of each half block at a time: more in one loop, and the compiler gives up on keeping vectors in registers. */
    private static FloatVector half(long row, long values, int cols, int which) {
        long w = Lanes.trusted(row);
        long x = Lanes.trusted(values);
        FloatVector sum = FloatVector.zero(Lanes.F);
        int pairs = cols / 64;
        for (int j = 0; j < pairs; j++) {
            long p = w + j / 4 * (long) BYTES;
            int shift = (j & 1) * 4;
            long low = p + (j >> 1 & 1) * 64L + which * 16L;
            long scales = p + SCALES + (j & 3) * 4L + which;
            IntVector v = Lanes.bytes(low).lanewise(VectorOperators.LSHR, shift);
            IntVector u = Lanes.bytes(low + 32).lanewise(VectorOperators.LSHR, shift);
            IntVector t = Lanes.bytes(p + 128 + (j >> 1 & 1) * 32L + which * 16L).lanewise(VectorOperators.LSHR, shift);
            long at = x + j * 256L + which * 64L;
            sum = weights(quants(v, t, 0, 0), scale(scales, p, 0)).fma(Lanes.floats(at), sum);
            sum = weights(quants(u, t, 0, 2), scale(scales, p, 2)).fma(Lanes.floats(at + 128), sum);
        }
        return sum;
    }
}
