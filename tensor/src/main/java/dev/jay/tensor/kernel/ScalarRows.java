// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** The definitions of the small operations; sums in double. */
final class ScalarRows implements RowKernels {
    @Override
    public void rmsNorm(long x, long gain, float eps, long out, int rows, int dim) {
        for (int r = 0; r < rows; r++) {
            long row = (long) r * dim;
            double squares = 0;
            for (int i = 0; i < dim; i++) squares += (double) Raw.get(x, row + i) * Raw.get(x, row + i);
            float scale = (float) (1 / Math.sqrt(squares / dim + eps));
            for (int i = 0; i < dim; i++) Raw.set(out, row + i, Raw.get(x, row + i) * scale * Raw.get(gain, i));
        }
    }

    @Override
    public void rotate(long x, int heads, int dim, int rotaryDim, long table, boolean interleaved) {
        int pairs = rotaryDim / 2;
        for (int h = 0; h < heads; h++) {
            long head = (long) h * dim;
            for (int i = 0; i < pairs; i++) {
                long at = head + (interleaved ? 2 * i : i);
                long to = head + (interleaved ? 2 * i + 1 : i + pairs);
                float cos = Raw.get(table, 2L * i);
                float sin = Raw.get(table, 2L * i + 1);
                float a = Raw.get(x, at);
                float b = Raw.get(x, to);
                Raw.set(x, at, a * cos - b * sin);
                Raw.set(x, to, a * sin + b * cos);
            }
        }
    }

    @Override
    public void swiGlu(long x, long y, long count) {
        for (long i = 0; i < count; i++) {
            float v = Raw.get(x, i);
            Raw.set(x, i, (float) (v / (1 + Math.exp(-v))) * Raw.get(y, i));
        }
    }

    @Override
    public void geGlu(long x, long y, long count) {
        for (long i = 0; i < count; i++) {
            double v = Raw.get(x, i);
            double gelu = 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
            Raw.set(x, i, (float) gelu * Raw.get(y, i));
        }
    }

    @Override
    public void add(long x, long y, long count) {
        for (long i = 0; i < count; i++) Raw.set(x, i, Raw.get(x, i) + Raw.get(y, i));
    }

    @Override
    public void addBias(long x, long bias, int rows, int dim) {
        for (int r = 0; r < rows; r++) add(x + (long) r * dim * Float.BYTES, bias, dim);
    }

    @Override
    public void softmax(long x, float scale, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) max = Math.max(max, Raw.get(x, i) * scale);
        double sum = 0;
        for (int i = 0; i < count; i++) {
            float e = (float) Math.exp(Raw.get(x, i) * scale - max);
            Raw.set(x, i, e);
            sum += e;
        }
        float share = (float) (1 / sum);
        for (int i = 0; i < count; i++) Raw.set(x, i, Raw.get(x, i) * share);
    }

    @Override
    public int argMax(long x, int count) {
        int best = 0;
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            float v = Raw.get(x, i);
            if (Float.isNaN(v)) return i;
            if (v > max) {
                max = v;
                best = i;
            }
        }
        return best;
    }
}
