// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.model.Pass;
import dev.jay.model.Scales;
import dev.jay.model.block.Linear;
import dev.jay.model.block.Vector;
import dev.jay.model.load.Weights;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The last matrix of a model, from the width of a row to a logit for each token; in slices where its weights are. */
final class Head {
    private record Part(int unit, int from, int rows, Linear linear) {}

    private final Ops ops;
    private final Weights weights;
    private final List<Part> parts;
    private final Vector bias;
    private final Scales scales;
    private final int vocabulary;

    private Head(Ops ops, Weights weights, List<Part> parts, Vector bias, Scales scales) {
        this.ops = ops;
        this.weights = weights;
        this.parts = parts;
        this.bias = bias;
        this.scales = scales;
        this.vocabulary = parts.getLast().from() + parts.getLast().rows();
    }

    /** @param bias of all rows, or null */
    static Head of(Ops ops, Weights weights, List<Weights.Slice> slices, Vector bias, Scales scales) {
        List<Part> parts = slices.stream()
                .map(s -> new Part(
                        s.unit(),
                        s.from(),
                        s.rows().rows(),
                        new Linear(ops, List.of(new Linear.Part("output", s.rows(), null)))))
                .toList();
        return new Head(ops, weights, parts, bias, scales);
    }

    /** logits[n][vocabulary] of x[n][inputs]. */
    void run(Pass pass, MemorySegment x, int n, MemorySegment logits) {
        for (Part part : parts) {
            if (part.unit() != Weights.ROOT) weights.hold(part.unit());
            try {
                run(part, pass, x, n, logits);
            } finally {
                if (part.unit() != Weights.ROOT) weights.release(part.unit());
            }
        }
        if (bias != null) ops.addBias(logits, bias.f32(), n, vocabulary);
        long count = (long) n * vocabulary;
        if (scales.logits() != 1) ops.scale(logits, scales.logits(), count);
        if (scales.logitCap() != 0) ops.softCap(logits, scales.logitCap(), count);
    }

    private void run(Part part, Pass pass, MemorySegment x, int n, MemorySegment logits) {
        long mark = pass.scratch().mark();
        if (n == 1 || part.rows() == vocabulary) {
            part.linear().multiply(pass, x, n, logits.asSlice(4L * part.from(), 4L * n * part.rows()));
        } else {
            MemorySegment some = pass.scratch().floats((long) n * part.rows());
            part.linear().multiply(pass, x, n, some);
            for (int row = 0; row < n; row++) {
                MemorySegment.copy(
                        some,
                        4L * row * part.rows(),
                        logits,
                        4L * ((long) row * vocabulary + part.from()),
                        4L * part.rows());
            }
        }
        pass.scratch().release(mark);
    }

    /** Bytes that {@link #run} takes from the pass's scratch for n rows. */
    long scratchBytes(int n) {
        long most = 0;
        for (Part part : parts) {
            long own = n == 1 || part.rows() == vocabulary ? 0 : sizeOf(4L * n * part.rows());
            most = Math.max(most, own + part.linear().scratchBytes(n));
        }
        return most;
    }
}
