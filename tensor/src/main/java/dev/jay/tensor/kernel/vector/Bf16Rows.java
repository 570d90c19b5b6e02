// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.format.Floats;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The upper half of a float is the float. */
final class Bf16Rows extends RowCode {
    private static FloatVector weights(long w) {
        return Lanes.shorts(w).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    @Override
    void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        int whole = cols / Lanes.LENGTH * Lanes.LENGTH;
        for (int i = 0; i < whole; i += Lanes.LENGTH) Lanes.store(weights(w + i * 2L), to + i * 4L);
        for (int i = whole; i < cols; i++) {
            Lanes.set(to + i * 4L, Float.intBitsToFloat(Lanes.ALL.get(Floats.SHORT, w + i * 2L) << 16));
        }
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
