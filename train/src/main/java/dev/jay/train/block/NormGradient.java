// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** The gradient of y = x * r * gain, r = 1 / sqrt(mean(x^2) + eps). */
record NormGradient(Ops ops, Parameter gain, float eps) {
    private static final int CHUNK =
            64; // rows whose part of the gain's gradient is summed by one thread: fixed, so are its bits

    void forward(MemorySegment x, MemorySegment y, int rows) {
        ops.rmsNorm(x, gain.value(), eps, y, rows, gain.cols());
    }

    long scratchBytes(int rows) {
        return Scratch.sizeOf(4L * Math.ceilDiv(rows, CHUNK) * gain.cols());
    }

    /** dx += the gradient of x, from that of y. */
    void backward(MemorySegment x, MemorySegment dy, MemorySegment dx, int rows, Scratch scratch) {
        int dim = gain.cols();
        int chunks = Math.ceilDiv(rows, CHUNK);
        long mark = scratch.mark();
        MemorySegment parts = scratch.floats((long) chunks * dim);
        ops.forEach(chunks, (chunk, worker) -> {
            MemorySegment part = parts.asSlice(4L * chunk * dim, 4L * dim);
            part.fill((byte) 0);
            for (int r = chunk * CHUNK; r < Math.min(rows, (chunk + 1) * CHUNK); r++) {
                long at = 4L * r * dim;
                row(x.asSlice(at, 4L * dim), dy.asSlice(at, 4L * dim), dx.asSlice(at, 4L * dim), part, dim);
            }
        });
        for (int chunk = 0; chunk < chunks; chunk++) {
            ops.add(gain.gradient(), parts.asSlice(4L * chunk * dim, 4L * dim), dim);
        }
        scratch.release(mark);
    }

    private void row(MemorySegment x, MemorySegment dy, MemorySegment dx, MemorySegment part, int dim) {
        MemorySegment g = gain.value();
        double squares = Sums.dot(x, x, dim);
        float r = (float) (1 / Math.sqrt(squares / dim + eps));
        float along = Sums.dot(x, dy, g, dim) * r * r * r / dim;
        for (int i = 0; i < dim; i++) {
            float v = x.getAtIndex(JAVA_FLOAT, i);
            float d = dy.getAtIndex(JAVA_FLOAT, i);
            part.setAtIndex(JAVA_FLOAT, i, part.getAtIndex(JAVA_FLOAT, i) + d * v * r);
            float to = dx.getAtIndex(JAVA_FLOAT, i) + d * g.getAtIndex(JAVA_FLOAT, i) * r - v * along;
            dx.setAtIndex(JAVA_FLOAT, i, to);
        }
    }
}
