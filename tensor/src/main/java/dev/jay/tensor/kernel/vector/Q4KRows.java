// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.format.Floats;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * q4_k: [scale: f16][least: f16][12 bytes: 8 scales and 8 minima of 6 bits][128 bytes]; 32 bytes hold 64 weights, the
 * first 32 in the low nibbles. A weight is scale * s * q - least * m.
 */
final class Q4KRows extends RowCode {
    private static final int BYTES = 144;
    private static final int GROUP = 64;
    private static final FloatVector LEVELS =
            Lanes.toFloat(IntVector.zero(Lanes.I).addIndex(1)); // 0 .. 15 where a vector is wide

    /** The eight scales, a byte each. */
    private static long scales(long p) {
        int a = Lanes.ALL.get(Floats.INT, p + 4);
        int c = Lanes.ALL.get(Floats.INT, p + 12);
        return bytes(a & 0x3f3f3f3f, (c & 0x0f0f0f0f) | (a >>> 2 & 0x30303030));
    }

    /** The eight minima, a byte each. */
    private static long minima(long p) {
        int b = Lanes.ALL.get(Floats.INT, p + 8);
        int c = Lanes.ALL.get(Floats.INT, p + 12);
        return bytes(b & 0x3f3f3f3f, (c >>> 4 & 0x0f0f0f0f) | (b >>> 2 & 0x30303030));
    }

    private static long bytes(int low, int high) {
        return Integer.toUnsignedLong(low) | (long) high << 32;
    }

    @Override
    void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        int groups = cols / GROUP;
        for (int g = 0; g < groups; g++) {
            long p = w + g / 4 * (long) BYTES;
            int part = (g & 3) * 16; // bits of the two scales of this group
            long s = scales(p) >>> part;
            long m = minima(p) >>> part;
            float d = Lanes.half(p);
            float least = Lanes.half(p + 2);
            long q = p + 16 + (g & 3) * 32L;
            half(q, 0, d * (s & 63), least * (m & 63), to + g * (GROUP * 4L));
            half(q, 4, d * (s >>> 8 & 63), least * (m >>> 8 & 63), to + g * (GROUP * 4L) + 128);
        }
    }

    private static void half(long quants, int shift, float scale, float least, long out) {
        long q = Lanes.trusted(quants);
        long to = Lanes.trusted(out);
        FloatVector by = Lanes.all(scale);
        FloatVector less = Lanes.all(-least);
        for (int i = 0; i < 32; i += Lanes.LENGTH) {
            IntVector v =
                    Lanes.bytes(q + i).lanewise(VectorOperators.LSHR, shift).and(15);
            Lanes.store(Lanes.toFloat(v).fma(by, less), to + i * 4L);
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
        int groups = cols / GROUP;
        for (int g = 0; g < groups; g++) {
            long p = w + g / 4 * (long) BYTES;
            int part = (g & 3) * 16;
            long s = scales(p) >>> part;
            long m = minima(p) >>> part;
            float d = Lanes.half(p);
            float least = Lanes.half(p + 2);
            long q = p + 16 + (g & 3) * 32L;
            long at = x + g * (GROUP * 4L);
            IntVector low = levels(d * (s & 63), least * (m & 63));
            IntVector high = levels(d * (s >>> 8 & 63), least * (m >>> 8 & 63));
            IntVector v = Lanes.bytes(q);
            IntVector u = Lanes.bytes(q + 16);
            even = v.selectFrom(low).reinterpretAsFloats().fma(Lanes.floats(at), even);
            odd = u.selectFrom(low).reinterpretAsFloats().fma(Lanes.floats(at + 64), odd);
            even = high(v, high).fma(Lanes.floats(at + 128), even);
            odd = high(u, high).fma(Lanes.floats(at + 192), odd);
        }
        return Lanes.sum(even.add(odd));
    }

    private static IntVector levels(float scale, float least) {
        return LEVELS.fma(Lanes.all(scale), Lanes.all(-least)).reinterpretAsInts();
    }

    private static FloatVector high(IntVector v, IntVector levels) {
        return v.lanewise(VectorOperators.LSHR, 4).selectFrom(levels).reinterpretAsFloats();
    }
}
