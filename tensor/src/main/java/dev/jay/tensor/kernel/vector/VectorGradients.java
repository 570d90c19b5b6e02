// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.kernel.GradientKernels;
import dev.jay.tensor.kernel.RowKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** What training does between products. What is left over after whole vectors is one vector under a mask. */
final class VectorGradients implements GradientKernels {
    /** In one order for a count, whatever the place. */
    @Override
    public double squares(long address, int count) {
        long x = Lanes.trusted(address);
        double sum = 0;
        for (int from = 0; from < count; from += 1 << 12) { // short chains of f32, then f64
            sum += dot(x + from * 4L, x + from * 4L, Math.min(1 << 12, count - from));
        }
        return sum;
    }

    private static float dot(long a, long b, int count) {
        long x = Lanes.trusted(a);
        long y = Lanes.trusted(b);
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        int pairs = count / (2 * Lanes.LENGTH) * (2 * Lanes.LENGTH);
        for (int i = 0; i < pairs; i += 2 * Lanes.LENGTH) {
            even = Lanes.floats(x + i * 4L).fma(Lanes.floats(y + i * 4L), even);
            odd = Lanes.floats(x + i * 4L + Lanes.BYTES).fma(Lanes.floats(y + i * 4L + Lanes.BYTES), odd);
        }
        for (int i = pairs; i < count; i += Lanes.LENGTH) {
            VectorMask<Float> some = some(i, count);
            even = Lanes.floats(x + i * 4L, some).fma(Lanes.floats(y + i * 4L, some), even);
        }
        return Lanes.sum(even.add(odd));
    }

    private static VectorMask<Float> some(int from, int to) {
        return Lanes.F.indexInRange(from, to);
    }

    private static int whole(int count) {
        return count / Lanes.LENGTH * Lanes.LENGTH;
    }

    @Override
    public void causalSoftmax(long address, float scale, int first, int rows, int dim) {
        RowKernels row = new VectorRows();
        for (int r = 0; r < rows; r++) {
            long x = address + 4L * r * dim;
            row.softmax(x, scale, first + r + 1);
            clear(x, first + r + 1, dim);
        }
    }

    private static void clear(long x, int from, int to) {
        for (int i = from; i < to; i++) Lanes.set(Lanes.trusted(x) + i * 4L, 0);
    }

    @Override
    public void causalSoftmaxGradient(long weights, long d, float scale, int first, int rows, int dim) {
        for (int r = 0; r < rows; r++) {
            long at = 4L * r * dim;
            int seen = first + r + 1;
            softmaxGradient(weights + at, d + at, scale, seen);
            clear(d + at, seen, dim);
        }
    }

    private static void softmaxGradient(long weights, long gradient, float scale, int count) {
        long w = Lanes.trusted(weights);
        long d = Lanes.trusted(gradient);
        float along = dot(w, d, count);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector v = Lanes.floats(w + i * 4L)
                    .mul(Lanes.floats(d + i * 4L).sub(along))
                    .mul(scale);
            Lanes.store(v, d + i * 4L);
        }
        if (whole == count) return;
        VectorMask<Float> some = some(whole, count);
        FloatVector v = Lanes.floats(w + whole * 4L, some)
                .mul(Lanes.floats(d + whole * 4L, some).sub(along))
                .mul(scale);
        Lanes.store(v, d + whole * 4L, some);
    }

    @Override
    public void swiGlu(long gate, long up, long d, long dUp, long count) {
        for (long from = 0; from < count; from += 1 << 20) { // loops count in int
            long at = 4 * from;
            swiGlu(gate + at, up + at, d + at, dUp + at, (int) Math.min(1 << 20, count - from));
        }
    }

    private static void swiGlu(long gate, long up, long d, long dUp, int count) {
        long x = Lanes.trusted(gate);
        long u = Lanes.trusted(up);
        long g = Lanes.trusted(d);
        long to = Lanes.trusted(dUp);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector v = Lanes.floats(x + i * 4L);
            FloatVector dy = Lanes.floats(g + i * 4L);
            FloatVector sigma = sigma(v);
            Lanes.store(ofUp(v, dy, sigma), to + i * 4L);
            Lanes.store(ofGate(v, dy, sigma, Lanes.floats(u + i * 4L)), g + i * 4L);
        }
        if (whole == count) return;
        VectorMask<Float> some = some(whole, count);
        FloatVector v = Lanes.floats(x + whole * 4L, some);
        FloatVector dy = Lanes.floats(g + whole * 4L, some);
        FloatVector sigma = sigma(v);
        Lanes.store(ofUp(v, dy, sigma), to + whole * 4L, some);
        Lanes.store(ofGate(v, dy, sigma, Lanes.floats(u + whole * 4L, some)), g + whole * 4L, some);
    }

    private static FloatVector sigma(FloatVector x) {
        return Lanes.all(1).div(VectorMath.exp(x.neg()).add(1f));
    }

    private static FloatVector ofUp(FloatVector x, FloatVector dy, FloatVector sigma) {
        return dy.mul(x).mul(sigma);
    }

    private static FloatVector ofGate(FloatVector x, FloatVector dy, FloatVector sigma, FloatVector up) {
        FloatVector slope = sigma.mul(x.fma(Lanes.all(1).sub(sigma), Lanes.all(1)));
        return dy.mul(up).mul(slope);
    }

    @Override
    public void rmsNorm(long from, long by, float eps, long dOut, long dIn, long dBy, int dim) {
        long x = Lanes.trusted(from);
        long gain = Lanes.trusted(by);
        long dy = Lanes.trusted(dOut);
        long dx = Lanes.trusted(dIn);
        long dGain = Lanes.trusted(dBy);
        float r = (float) (1 / Math.sqrt(squares(x, dim) / dim + eps));
        FloatVector sum = FloatVector.zero(Lanes.F);
        int whole = whole(dim);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector d = Lanes.floats(dy + i * 4L).mul(Lanes.floats(gain + i * 4L));
            sum = d.fma(Lanes.floats(x + i * 4L), sum);
        }
        for (int i = whole; i < dim; i += Lanes.LENGTH) {
            VectorMask<Float> some = some(i, dim);
            FloatVector d = Lanes.floats(dy + i * 4L, some).mul(Lanes.floats(gain + i * 4L, some));
            sum = d.fma(Lanes.floats(x + i * 4L, some), sum);
        }
        float along = Lanes.sum(sum) * r * r * r / dim;
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector v = Lanes.floats(x + i * 4L);
            FloatVector d = Lanes.floats(dy + i * 4L).mul(r);
            Lanes.store(d.fma(v, Lanes.floats(dGain + i * 4L)), dGain + i * 4L);
            FloatVector to = d.fma(Lanes.floats(gain + i * 4L), Lanes.floats(dx + i * 4L));
            Lanes.store(v.fma(Lanes.all(-along), to), dx + i * 4L);
        }
        for (int i = whole; i < dim; i += Lanes.LENGTH) {
            VectorMask<Float> some = some(i, dim);
            FloatVector v = Lanes.floats(x + i * 4L, some);
            FloatVector d = Lanes.floats(dy + i * 4L, some).mul(r);
            Lanes.store(d.fma(v, Lanes.floats(dGain + i * 4L, some)), dGain + i * 4L, some);
            FloatVector to = d.fma(Lanes.floats(gain + i * 4L, some), Lanes.floats(dx + i * 4L, some));
            Lanes.store(v.fma(Lanes.all(-along), to), dx + i * 4L, some);
        }
    }

    @Override
    public float crossEntropy(long logits, int target, float weight, int count) {
        long x = Lanes.trusted(logits);
        FloatVector highest = Lanes.all(Float.NEGATIVE_INFINITY);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) highest = highest.max(Lanes.floats(x + i * 4L));
        float most = highest.reduceLanes(VectorOperators.MAX);
        for (int i = whole; i < count; i++) most = Math.max(most, Lanes.get(x + i * 4L));
        float wanted = Lanes.get(x + target * 4L) - most;
        FloatVector sums = FloatVector.zero(Lanes.F);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector e = VectorMath.exp(Lanes.floats(x + i * 4L).sub(most));
            Lanes.store(e, x + i * 4L);
            sums = sums.add(e);
        }
        float sum = Lanes.sum(sums);
        for (int i = whole; i < count; i++) {
            float e = VectorMath.exp(Lanes.get(x + i * 4L) - most);
            Lanes.set(x + i * 4L, e);
            sum += e;
        }
        float each = weight / sum;
        for (int i = 0; i < whole; i += Lanes.LENGTH)
            Lanes.store(Lanes.floats(x + i * 4L).mul(each), x + i * 4L);
        for (int i = whole; i < count; i++) Lanes.set(x + i * 4L, Lanes.get(x + i * 4L) * each);
        Lanes.set(x + target * 4L, Lanes.get(x + target * 4L) - weight);
        return (float) Math.log(sum) - wanted;
    }

    @Override
    public void logSum(long values, long to, int count) {
        long x = Lanes.trusted(values);
        long sums = Lanes.trusted(to);
        float before = Lanes.get(sums);
        FloatVector highest = Lanes.all(before);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) highest = highest.max(Lanes.floats(x + i * 4L));
        float most = highest.reduceLanes(VectorOperators.MAX);
        for (int i = whole; i < count; i++) most = Math.max(most, Lanes.get(x + i * 4L));
        FloatVector parts = FloatVector.zero(Lanes.F);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            parts = parts.add(VectorMath.exp(Lanes.floats(x + i * 4L).sub(most)));
        }
        float sum = Lanes.get(sums + 4) * (before == most ? 1 : VectorMath.exp(before - most)) + Lanes.sum(parts);
        for (int i = whole; i < count; i++) sum += VectorMath.exp(Lanes.get(x + i * 4L) - most);
        Lanes.set(sums, most);
        Lanes.set(sums + 4, sum);
    }

    @Override
    public float softmaxPart(long values, float logSum, float weight, int count) {
        long x = Lanes.trusted(values);
        FloatVector highest = FloatVector.zero(Lanes.F);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector p = VectorMath.exp(Lanes.floats(x + i * 4L).sub(logSum)).mul(weight);
            highest = highest.max(p);
            Lanes.store(p, x + i * 4L);
        }
        float most = highest.reduceLanes(VectorOperators.MAX);
        for (int i = whole; i < count; i++) {
            float p = VectorMath.exp(Lanes.get(x + i * 4L) - logSum) * weight;
            most = Math.max(most, p);
            Lanes.set(x + i * 4L, p);
        }
        return most;
    }

    @Override
    public void adam(long weights, long gradient, long means, long squares, Adam by, int count) {
        long w = Lanes.trusted(weights);
        long g = Lanes.trusted(gradient);
        long m = Lanes.trusted(means);
        long v = Lanes.trusted(squares);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector d = Lanes.floats(g + i * 4L).mul(by.scale());
            FloatVector mean = mean(Lanes.floats(m + i * 4L), d, by);
            FloatVector square = square(Lanes.floats(v + i * 4L), d, by);
            Lanes.store(mean, m + i * 4L);
            Lanes.store(square, v + i * 4L);
            Lanes.store(moved(Lanes.floats(w + i * 4L), mean, square, by), w + i * 4L);
        }
        if (whole == count) return;
        VectorMask<Float> some = some(whole, count);
        FloatVector d = Lanes.floats(g + whole * 4L, some).mul(by.scale());
        FloatVector mean = mean(Lanes.floats(m + whole * 4L, some), d, by);
        FloatVector square = square(Lanes.floats(v + whole * 4L, some), d, by);
        Lanes.store(mean, m + whole * 4L, some);
        Lanes.store(square, v + whole * 4L, some);
        Lanes.store(moved(Lanes.floats(w + whole * 4L, some), mean, square, by), w + whole * 4L, some);
    }

    private static FloatVector mean(FloatVector m, FloatVector d, Adam by) {
        return m.fma(Lanes.all(by.beta1()), d.mul(1 - by.beta1()));
    }

    private static FloatVector square(FloatVector v, FloatVector d, Adam by) {
        return v.fma(Lanes.all(by.beta2()), d.mul(d).mul(1 - by.beta2()));
    }

    private static FloatVector moved(FloatVector w, FloatVector mean, FloatVector square, Adam by) {
        FloatVector root =
                square.mul(by.correct2()).lanewise(VectorOperators.SQRT).add(by.eps());
        FloatVector step = mean.mul(by.correct1()).div(root);
        return w.fma(Lanes.all(by.keep()), step.mul(-by.rate()));
    }

    @Override
    public void addSquares(long to, long from, int count) {
        long sums = Lanes.trusted(to);
        long x = Lanes.trusted(from);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector v = Lanes.floats(x + i * 4L);
            Lanes.store(v.fma(v, Lanes.floats(sums + i * 4L)), sums + i * 4L);
        }
        if (whole == count) return;
        VectorMask<Float> some = some(whole, count);
        FloatVector v = Lanes.floats(x + whole * 4L, some);
        Lanes.store(v.fma(v, Lanes.floats(sums + whole * 4L, some)), sums + whole * 4L, some);
    }

    @Override
    public void descend(long weights, long gradient, float step, float keep, int count) {
        long w = Lanes.trusted(weights);
        long g = Lanes.trusted(gradient);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector down = Lanes.floats(g + i * 4L).mul(-step);
            Lanes.store(Lanes.floats(w + i * 4L).fma(Lanes.all(keep), down), w + i * 4L);
        }
        if (whole == count) return;
        VectorMask<Float> some = some(whole, count);
        FloatVector down = Lanes.floats(g + whole * 4L, some).mul(-step);
        Lanes.store(Lanes.floats(w + whole * 4L, some).fma(Lanes.all(keep), down), w + whole * 4L, some);
    }

    @Override
    public void descendEach(long weights, long gradient, long by, float keep, int count) {
        long w = Lanes.trusted(weights);
        long g = Lanes.trusted(gradient);
        long steps = Lanes.trusted(by);
        int whole = whole(count);
        for (int i = 0; i < whole; i += Lanes.LENGTH) {
            FloatVector down =
                    Lanes.floats(g + i * 4L).mul(Lanes.floats(steps + i * 4L)).neg();
            Lanes.store(Lanes.floats(w + i * 4L).fma(Lanes.all(keep), down), w + i * 4L);
        }
        if (whole == count) return;
        VectorMask<Float> some = some(whole, count);
        FloatVector down = Lanes.floats(g + whole * 4L, some)
                .mul(Lanes.floats(steps + whole * 4L, some))
                .neg();
        Lanes.store(Lanes.floats(w + whole * 4L, some).fma(Lanes.all(keep), down), w + whole * 4L, some);
    }
}
