// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.GradientKernels;
import java.util.Set;

/** What training does between products, in machine code for AVX-512. */
final class MachineGradients implements GradientKernels {
    private static final int CHAIN = 1 << 12; // of f32, then f64
    private static final int PIECE = 1 << 11; // weights whose means are still in the L1 cache

    private final MachineCode.Function squares;
    private final MachineCode.Function softmax;
    private final MachineCode.Function softmaxGradient;
    private final MachineCode.Function swiGlu;
    private final MachineCode.Function norm;
    private final MachineCode.Function adamMeans;
    private final MachineCode.Function adamMove;
    private final MachineCode.Function logSum;
    private final MachineCode.Function powers;
    private final MachineCode.Function part;
    private final MachineCode.Function scale;
    private final MachineCode.Function addSquares;
    private final MachineCode.Function descend;
    private final MachineCode.Function descendEach;

    MachineGradients(MachineCode pages, Set<String> features) {
        squares = pages.load("squares", GradientCode.squares(features));
        softmax = pages.load("causal-softmax", GradientCode.causalSoftmax(features));
        softmaxGradient = pages.load("softmax-gradient", GradientCode.causalSoftmaxGradient(features));
        swiGlu = pages.load("swiglu-gradient", GradientCode.swiGlu(features));
        norm = pages.load("rms-norm-gradient", GradientCode.rmsNorm(features));
        adamMeans = pages.load("adam-means", GradientCode.adamMeans(features));
        adamMove = pages.load("adam-move", GradientCode.adamMove(features));
        logSum = pages.load("log-sum", LossCode.logSum(features));
        powers = pages.load("powers", LossCode.powers(features));
        part = pages.load("softmax-part", LossCode.softmaxPart(features));
        scale = pages.load("scale", LossCode.scale(features));
        addSquares = pages.load("add-squares", GradientCode.addSquares(features));
        descend = pages.load("descend", GradientCode.descend(features));
        descendEach = pages.load("descend-each", GradientCode.descendEach(features));
    }

    private static long bits(float value) {
        return Float.floatToRawIntBits(value) & 0xFFFFFFFFL;
    }

    private static long bits(float first, float second) {
        return bits(second) << 32 | bits(first);
    }

    private static float low(long pair) {
        return Float.intBitsToFloat((int) pair);
    }

    private static float high(long pair) {
        return Float.intBitsToFloat((int) (pair >>> 32));
    }

    @Override
    public double squares(long x, int count) {
        double sum = 0;
        for (int i = 0; i < count; i += CHAIN) {
            sum += low(squares.call(x + 4L * i, Math.min(CHAIN, count - i), 0, 0, 0, 0));
        }
        return sum;
    }

    @Override
    public void causalSoftmax(long x, float by, int first, int rows, int dim) {
        softmax.call(x, bits(by), first, rows, dim, 0);
    }

    @Override
    public void causalSoftmaxGradient(long weights, long d, float by, int first, int rows, int dim) {
        softmaxGradient.call(weights, d, bits(by), first, rows, dim);
    }

    @Override
    public void swiGlu(long gate, long up, long d, long dUp, long count) {
        swiGlu.call(gate, up, d, dUp, count, 0);
    }

    @Override
    public void rmsNorm(long x, long gain, float eps, long dy, long dx, long dGain, int dim) {
        norm.call(x, gain, bits(eps) | (long) dim << 32, dy, dx, dGain);
    }

    @Override
    public float crossEntropy(long x, int target, float weight, int count) {
        float value = Words.real(x + 4L * target);
        long both = powers.call(x, count, bits(Float.NEGATIVE_INFINITY), 0, 0, 0);
        float sum = high(both);
        scale.call(x, count, bits(weight / sum), 0, 0, 0);
        Words.setReal(x + 4L * target, Words.real(x + 4L * target) - weight);
        return (float) Math.log(sum) - (value - low(both));
    }

    @Override
    public void logSum(long x, long sums, int count) {
        float before = Words.real(sums);
        long both = logSum.call(x, count, bits(before), 0, 0, 0);
        float most = low(both);
        double kept = before == most ? 1 : Math.exp((double) before - most);
        Words.setReal(sums + 4, (float) (Words.real(sums + 4) * kept + high(both)));
        Words.setReal(sums, most);
    }

    @Override
    public float softmaxPart(long x, float sum, float weight, int count) {
        return low(part.call(x, count, bits(sum), bits(weight), 0, 0));
    }

    @Override
    public void adam(long w, long g, long m, long v, Adam by, int count) {
        for (int i = 0; i < count; i += PIECE) {
            int some = Math.min(PIECE, count - i);
            long at = 4L * i;
            adamMeans.call(g + at, m + at, v + at, some, bits(by.scale(), by.beta1()), bits(by.beta2()));
            long moves = bits(by.keep(), -by.rate() * by.correct1());
            adamMove.call(w + at, m + at, v + at, some, bits(by.correct2(), by.eps()), moves);
        }
    }

    @Override
    public void addSquares(long sums, long x, int count) {
        addSquares.call(sums, x, count, 0, 0, 0);
    }

    @Override
    public void descend(long w, long g, float step, float keep, int count) {
        descend.call(w, g, bits(keep, -step), count, 0, 0);
    }

    @Override
    public void descendEach(long w, long g, long steps, float keep, int count) {
        descendEach.call(w, g, steps, bits(keep), count, 0);
    }
}
