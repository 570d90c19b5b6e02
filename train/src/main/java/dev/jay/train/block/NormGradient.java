// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** y = x * r * gain, r = 1 / sqrt(mean(x^2) + eps), and its gradient. */
final class NormGradient {
    private final Ops ops;
    private final GradientOps gradients;
    private final Parameter gain;
    private final float eps;

    NormGradient(Ops ops, Parameter gain, float eps) {
        this.ops = ops;
        this.gradients = ops.gradients();
        this.gain = gain;
        this.eps = eps;
    }

    void forward(MemorySegment x, MemorySegment y, int rows) {
        ops.rmsNorm(x, gain.value(), eps, y, rows, gain.cols());
    }

    long scratchBytes(int rows) {
        return gradients.normScratchBytes(rows, gain.cols());
    }

    /** dx += the gradient of x, from that of y. */
    void backward(MemorySegment x, MemorySegment dy, MemorySegment dx, int rows, Scratch scratch) {
        long mark = scratch.mark();
        MemorySegment parts = scratch.take(scratchBytes(rows));
        gradients.rmsNormGradient(x, gain.value(), eps, dy, dx, gain.gradient(), parts, rows, gain.cols());
        scratch.release(mark);
    }
}
