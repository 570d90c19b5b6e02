// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.kernel.RowKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The small operations. What is left over after whole vectors is done one by one, with the same arithmetic. */
final class VectorRows implements RowKernels {
    @Override
    public void rmsNorm(long x, long gain, float eps, long out, int rows, int dim) {
        for (int r = 0; r < rows; r++) {
            long row = r * (dim * 4L);
            float scale = (float) (1 / Math.sqrt(squares(x + row, dim) / dim + eps));
            scaled(x + row, scale, gain, out + row, dim);
        }
    }

    private static double squares(long x, int dim) {
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        int whole = dim / (2 * Lanes.LENGTH) * (2 * Lanes.LENGTH);
        for (int i = 0; i < whole; i += 2 * Lanes.LENGTH) {
            FloatVector a = Lanes.floats(x + i * 4L);
            FloatVector b = Lanes.floats(x + i * 4L + Lanes.BYTES);
            even = a.fma(a, even);
            odd = b.fma(b, odd);
        }
        double sum = Lanes.sum(even.add(odd));
        for (int i = whole; i < dim; i++) sum += (double) Lanes.get(x + i * 4L) * Lanes.get(x + i * 4L);
        return sum;
    }

    private static void scaled(long x, float scale, long gain, long out, int dim) {
        int whole = whole(dim);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            Lanes.store(Lanes.floats(x + i * 4L).mul(scale).mul(Lanes.floats(gain + i * 4L)), out + i * 4L);
        }
        for (int i = whole; i < dim; i++) {
            Lanes.set(out + i * 4L, Lanes.get(x + i * 4L) * scale * Lanes.get(gain + i * 4L));
        }
    }

    private static int whole(long count) {
        return (int) (count / Lanes.LENGTH * Lanes.LENGTH);
    }

    @Override
    public void rotate(long x, int heads, int dim, int rotaryDim, long table, boolean interleaved) {
        int pairs = rotaryDim / 2;
        int step = interleaved ? 2 : 1;
        long apart = interleaved ? 4 : pairs * 4L;
        for (int h = 0; h < heads; h++) {
            long head = x + h * (dim * 4L);
            for (int i = 0; i < pairs; i++) {
                long at = head + i * (step * 4L);
                float cos = Lanes.get(table + i * 8L);
                float sin = Lanes.get(table + i * 8L + 4);
                float a = Lanes.get(at);
                float b = Lanes.get(at + apart);
                Lanes.set(at, a * cos - b * sin);
                Lanes.set(at + apart, a * sin + b * cos);
            }
        }
    }

    @Override
    public void swiGlu(long x, long y, long count) {
        for (long from = 0; from < count; from += 1 << 20) { // loops count in int
            swiGlu(x + from * 4, y + from * 4, (int) Math.min(1 << 20, count - from));
        }
    }

    private static void swiGlu(long x, long y, int count) {
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector v = Lanes.floats(x + i * 4L);
            Lanes.store(silu(v).mul(Lanes.floats(y + i * 4L)), x + i * 4L);
        }
        for (int i = whole; i < count; i++) {
            float v = silu(Lanes.all(Lanes.get(x + i * 4L))).lane(0);
            Lanes.set(x + i * 4L, v * Lanes.get(y + i * 4L));
        }
    }

    private static FloatVector silu(FloatVector v) {
        return v.div(VectorMath.exp(v.neg()).add(1f));
    }

    @Override
    public void add(long x, long y, long count) {
        for (long from = 0; from < count; from += 1 << 20) {
            add(x + from * 4, y + from * 4, (int) Math.min(1 << 20, count - from));
        }
    }

    private static void add(long x, long y, int count) {
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            Lanes.store(Lanes.floats(x + i * 4L).add(Lanes.floats(y + i * 4L)), x + i * 4L);
        }
        for (int i = whole; i < count; i++) Lanes.set(x + i * 4L, Lanes.get(x + i * 4L) + Lanes.get(y + i * 4L));
    }

    @Override
    public void addBias(long x, long bias, int rows, int dim) {
        for (int r = 0; r < rows; r++) add(x + r * (dim * 4L), bias, dim);
    }

    @Override
    public void softmax(long x, float scale, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) max = Math.max(max, Lanes.get(x + i * 4L) * scale);
        int whole = whole(count);
        FloatVector sums = FloatVector.zero(Lanes.F);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector e = VectorMath.exp(Lanes.floats(x + i * 4L).mul(scale).sub(max));
            Lanes.store(e, x + i * 4L);
            sums = sums.add(e);
        }
        float sum = Lanes.sum(sums);
        for (int i = whole; i < count; i++) {
            float e = VectorMath.exp(Lanes.get(x + i * 4L) * scale - max);
            Lanes.set(x + i * 4L, e);
            sum += e;
        }
        float share = 1 / sum;
        for (int i = 0; i < count; i++) Lanes.set(x + i * 4L, Lanes.get(x + i * 4L) * share);
    }

    @Override
    public int argMax(long x, int count) {
        float max = Float.NEGATIVE_INFINITY;
        int best = 0;
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            VectorMask<Float> others = Lanes.floats(x + i * 4L).compare(VectorOperators.LE, max);
            if (others.allTrue()) continue;
            for (int j = i; j < i + Lanes.LENGTH; j++) {
                if (Float.isNaN(Lanes.get(x + j * 4L))) return j;
                if (Lanes.get(x + j * 4L) > max) {
                    max = Lanes.get(x + j * 4L);
                    best = j;
                }
            }
        }
        for (int i = whole; i < count; i++) {
            if (Float.isNaN(Lanes.get(x + i * 4L))) return i;
            if (Lanes.get(x + i * 4L) > max) {
                max = Lanes.get(x + i * 4L);
                best = i;
            }
        }
        return best;
    }
}
