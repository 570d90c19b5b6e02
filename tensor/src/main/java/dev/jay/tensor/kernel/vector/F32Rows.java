// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;

final class F32Rows extends RowCode {
    @Override
    void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        int whole = cols / Lanes.LENGTH * Lanes.LENGTH;
        for (int i = 0; i < whole; i += Lanes.LENGTH) Lanes.store(Lanes.floats(w + i * 4L), to + i * 4L);
        for (int i = whole; i < cols; i++) Lanes.set(to + i * 4L, Lanes.get(w + i * 4L));
        zeroTail(to, cols);
    }

    @Override
    float dot(long row, long values, int cols) {
        long w = Lanes.trusted(row);
        long x = Lanes.trusted(values);
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        for (int i = 0; i < cols; i += 2 * Lanes.LENGTH) {
            long p = w + i * 4L;
            long q = x + i * 4L;
            even = Lanes.floats(p).fma(Lanes.floats(q), even);
            odd = Lanes.floats(p + Lanes.BYTES).fma(Lanes.floats(q + Lanes.BYTES), odd);
        }
        return Lanes.sum(even.add(odd));
    }
}
