// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** The Vector API has no conversion of halves, so the bits are moved by hand in {@link #dot}. */
final class F16Rows extends RowCode {
    private static final int REBIAS = 112 << 23; // exponents of a half are 112 lower than a float's
    private static final int SUBNORMAL = 113 << 23;

    /** Exact for every half. No float on the way is subnormal: those cost the machine a hundred cycles. */
    private static FloatVector weights(long w) {
        IntVector h = Lanes.shorts(w);
        IntVector bits = h.and(0x7fff).lanewise(VectorOperators.LSHL, 13);
        FloatVector small = bits.add(SUBNORMAL).reinterpretAsFloats().sub(Float.intBitsToFloat(SUBNORMAL));
        IntVector v = bits.add(REBIAS);
        v = v.blend(bits.or(0x7f800000), bits.compare(VectorOperators.GE, 0x7c00 << 13));
        v = v.blend(small.reinterpretAsInts(), bits.compare(VectorOperators.LT, 0x400 << 13));
        return v.or(h.and(0x80000000)).reinterpretAsFloats();
    }

    /** A plain loop: the compiler makes one instruction of sixteen conversions. */
    @Override
    void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        for (int i = 0; i < cols; i++) Lanes.set(to + i * 4L, Lanes.half(w + i * 2L));
        zeroTail(to, cols);
    }

    @Override
    float dot(long row, long values, int cols) {
        long w = Lanes.trusted(row);
        long x = Lanes.trusted(values);
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        for (int i = 0; i < cols; i += 2 * Lanes.LENGTH) {
            long p = w + i * 2L;
            long q = x + i * 4L;
            even = weights(p).fma(Lanes.floats(q), even);
            odd = weights(p + 2L * Lanes.LENGTH).fma(Lanes.floats(q + Lanes.BYTES), odd);
        }
        return Lanes.sum(even.add(odd));
    }
}
