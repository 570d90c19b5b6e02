// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/**
 * How a block f stands in the residual stream: x = after(x + scale * inner(f(before(x)))).
 *
 * @param before null for none, as the others
 */
public record Residual(Ops ops, ModelSpec spec, Norm before, Norm inner, Norm after) {
    /** Before the block alone. */
    public static Residual of(Ops ops, ModelSpec spec, Norm before) {
        return new Residual(ops, spec, before, null, null);
    }

    /** What f gets, [n][dim]. */
    public void enter(MemorySegment x, MemorySegment in, int n) {
        if (before != null) before.run(x, in, n);
        else MemorySegment.copy(x, 0, in, 0, 4L * n * spec.dim());
    }

    /** Adds what f gave, [n][dim], which is spent. */
    public void leave(MemorySegment x, MemorySegment y, int n) {
        long count = (long) n * spec.dim();
        if (inner != null) inner.run(y, y, n);
        float scale = spec.scales().residual();
        if (scale != 1) ops.scale(y, scale, count);
        ops.add(x, y, count);
        if (after != null) after.run(x, x, n);
    }
}
