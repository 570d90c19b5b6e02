// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.model.Adapter;
import dev.jay.model.Pass;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.kernel.Activations;
import dev.jay.tensor.kernel.MatMul;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * y = x . w + bias, then the adapters': one weight matrix, or several that share their input (q k v; gate and up) and are
 * multiplied in one go. Bound to its code when the model is built.
 */
public final class Linear {
    /**
     * One matrix.
     *
     * @param site   its name without the suffix
     * @param weight [outputs][inputs]
     * @param bias   [outputs], or null
     */
    public record Part(String site, Matrix weight, Vector bias) {}

    private final List<Part> parts;
    private final int inputs;
    private final Ops ops;
    private final MatMul exact;
    private final MatMul fast;

    public Linear(Ops ops, List<Part> parts) {
        List<Matrix> weights = parts.stream().map(Part::weight).toList();
        this.parts = List.copyOf(parts);
        this.inputs = weights.getFirst().cols();
        this.ops = ops;
        this.exact = ops.bind(weights, Numerics.EXACT);
        this.fast = ops.bind(weights, Numerics.FAST);
    }

    /** y[i][n][outputs of i] from x[n][inputs], for all rows of the pass. */
    public void run(Pass pass, MemorySegment x, MemorySegment... y) {
        int n = pass.rows();
        long mark = pass.scratch().mark();
        try {
            multiply(pass, x, n, y);
        } finally {
            pass.scratch().release(mark);
        }
        int end;
        for (int s = 0; s < pass.spans().size(); s = end) {
            Adapter adapter = pass.adapters().get(s);
            int first = pass.spans().get(s).row();
            int count = 0;
            // neighbours that run with the same are one product
            for (end = s; end < pass.spans().size() && pass.adapters().get(end).equals(adapter); end++) {
                count += pass.spans().get(end).count();
            }
            if (adapter != Adapter.NONE) adapt(adapter, first, count, x, y);
        }
    }

    private void adapt(Adapter adapter, int first, int count, MemorySegment x, MemorySegment... y) {
        MemorySegment from = x.asSlice(4L * first * inputs, 4L * count * inputs);
        for (int i = 0; i < parts.size(); i++) {
            long width = 4L * parts.get(i).weight().rows();
            adapter.add(parts.get(i).site(), count, from, y[i].asSlice(first * width, count * width));
        }
    }

    /** As {@link #run}, for any n rows, and without adapters. Packed input stays in the scratch. */
    public void multiply(Pass pass, MemorySegment x, int n, MemorySegment... y) {
        MatMul code = switch (pass.numerics()) {
            case EXACT -> exact;
            case FAST -> fast;
        };
        code.run(new Activations(x, n, inputs, pass.scratch()), y);
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            if (part.bias() != null)
                ops.addBias(y[i], part.bias().f32(), n, part.weight().rows());
        }
    }

    /** Bytes that {@link #run} takes from the pass's scratch for n rows. */
    public long scratchBytes(int n) {
        return Math.max(exact.scratchBytes(n), fast.scratchBytes(n));
    }
}
