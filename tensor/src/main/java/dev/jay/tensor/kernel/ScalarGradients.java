// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** The definitions of what training does between products; sums in double. */
final class ScalarGradients implements GradientKernels {
    @Override
    public double squares(long x, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) sum += (double) Raw.get(x, i) * Raw.get(x, i);
        return sum;
    }

    @Override
    public void causalSoftmax(long x, float scale, int first, int rows, int dim) {
        for (int r = 0; r < rows; r++) {
            long row = x + 4L * r * dim;
            int seen = first + r + 1;
            float most = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < seen; i++) most = Math.max(most, Raw.get(row, i) * scale);
            double sum = 0;
            for (int i = 0; i < seen; i++) sum += Math.exp(Raw.get(row, i) * scale - most);
            for (int i = 0; i < seen; i++) Raw.set(row, i, (float) (Math.exp(Raw.get(row, i) * scale - most) / sum));
            for (int i = seen; i < dim; i++) Raw.set(row, i, 0);
        }
    }

    @Override
    public void causalSoftmaxGradient(long weights, long d, float scale, int first, int rows, int dim) {
        for (int r = 0; r < rows; r++) {
            long w = weights + 4L * r * dim;
            long to = d + 4L * r * dim;
            int seen = first + r + 1;
            double along = 0;
            for (int i = 0; i < seen; i++) along += (double) Raw.get(w, i) * Raw.get(to, i);
            for (int i = 0; i < seen; i++) Raw.set(to, i, (float) (Raw.get(w, i) * (Raw.get(to, i) - along) * scale));
            for (int i = seen; i < dim; i++) Raw.set(to, i, 0);
        }
    }

    @Override
    public void swiGlu(long gate, long up, long d, long dUp, long count) {
        for (long i = 0; i < count; i++) {
            double x = Raw.get(gate, i);
            double sigma = 1 / (1 + Math.exp(-x));
            double dy = Raw.get(d, i);
            Raw.set(dUp, i, (float) (dy * x * sigma));
            Raw.set(d, i, (float) (dy * Raw.get(up, i) * sigma * (1 + x * (1 - sigma))));
        }
    }

    @Override
    public void rmsNorm(long x, long gain, float eps, long dy, long dx, long dGain, int dim) {
        double r = 1 / Math.sqrt(squares(x, dim) / dim + eps);
        double along = 0;
        for (int i = 0; i < dim; i++) along += (double) Raw.get(x, i) * Raw.get(dy, i) * Raw.get(gain, i);
        along *= r * r * r / dim;
        for (int i = 0; i < dim; i++) {
            double v = Raw.get(x, i);
            double d = Raw.get(dy, i);
            Raw.set(dGain, i, (float) (Raw.get(dGain, i) + d * v * r));
            Raw.set(dx, i, (float) (Raw.get(dx, i) + d * Raw.get(gain, i) * r - v * along));
        }
    }

    @Override
    public float crossEntropy(long x, int target, float weight, int count) {
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) most = Math.max(most, Raw.get(x, i));
        double wanted = Raw.get(x, target) - most;
        double sum = 0;
        for (int i = 0; i < count; i++) sum += Math.exp(Raw.get(x, i) - most);
        for (int i = 0; i < count; i++) Raw.set(x, i, (float) (weight * Math.exp(Raw.get(x, i) - most) / sum));
        Raw.set(x, target, Raw.get(x, target) - weight);
        return (float) (Math.log(sum) - wanted);
    }

    @Override
    public void logSum(long x, long sums, int count) {
        float before = Raw.get(sums, 0);
        float most = before;
        for (int i = 0; i < count; i++) most = Math.max(most, Raw.get(x, i));
        double sum = Raw.get(sums, 1) * (before == most ? 1 : Math.exp(before - most));
        for (int i = 0; i < count; i++) sum += Math.exp(Raw.get(x, i) - most);
        Raw.set(sums, 0, most);
        Raw.set(sums, 1, (float) sum);
    }

    @Override
    public float softmaxPart(long x, float logSum, float weight, int count) {
        float most = 0;
        for (int i = 0; i < count; i++) {
            float p = (float) Math.exp(Raw.get(x, i) - logSum);
            most = Math.max(most, weight * p);
            Raw.set(x, i, weight * p);
        }
        return most;
    }

    @Override
    public void adam(long w, long g, long m, long v, Adam by, int count) {
        for (int i = 0; i < count; i++) {
            float d = by.scale() * Raw.get(g, i);
            float mean = by.beta1() * Raw.get(m, i) + (1 - by.beta1()) * d;
            float square = by.beta2() * Raw.get(v, i) + (1 - by.beta2()) * d * d;
            Raw.set(m, i, mean);
            Raw.set(v, i, square);
            float step = mean * by.correct1() / ((float) Math.sqrt(square * by.correct2()) + by.eps());
            Raw.set(w, i, Raw.get(w, i) * by.keep() - by.rate() * step);
        }
    }

    @Override
    public void addSquares(long sums, long x, int count) {
        for (int i = 0; i < count; i++) Raw.set(sums, i, Raw.get(sums, i) + Raw.get(x, i) * Raw.get(x, i));
    }

    @Override
    public void descend(long w, long g, float step, float keep, int count) {
        for (int i = 0; i < count; i++) Raw.set(w, i, Raw.get(w, i) * keep - step * Raw.get(g, i));
    }

    @Override
    public void descendEach(long w, long g, long steps, float keep, int count) {
        for (int i = 0; i < count; i++) Raw.set(w, i, Raw.get(w, i) * keep - Raw.get(steps, i) * Raw.get(g, i));
    }
}
