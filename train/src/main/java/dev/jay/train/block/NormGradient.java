// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * y = x * r * gain, r = 1 / sqrt(mean(x^2) + eps), and its gradient.
 *
 * @param gain      f32 [cols]
 * @param dGain     its gradient, added to; null where it is frozen
 */
public record NormGradient(Ops ops, MemorySegment gain, MemorySegment dGain, int cols, float eps) {
    static NormGradient of(Ops ops, Parameter gain, float eps) {
        return new NormGradient(ops, gain.value(), gain.gradient(), gain.cols(), eps);
    }

    void forward(MemorySegment x, MemorySegment y, int rows) {
        ops.rmsNorm(x, gain, eps, y, rows, cols);
    }

    long scratchBytes(int rows) {
        return ops.gradients().normScratchBytes(rows, cols) + (dGain == null ? Scratch.sizeOf(4L * cols) : 0);
    }

    /** dx += the gradient of x, from that of y. */
    void backward(MemorySegment x, MemorySegment dy, MemorySegment dx, int rows, Scratch scratch) {
        long mark = scratch.mark();
        MemorySegment parts = scratch.take(ops.gradients().normScratchBytes(rows, cols));
        MemorySegment unused = dGain == null ? scratch.floats(cols) : dGain;
        ops.gradients().rmsNormGradient(x, gain, eps, dy, dx, unused, parts, rows, cols);
        scratch.release(mark);
    }
}
