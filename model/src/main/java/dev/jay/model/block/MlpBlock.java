// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/** f(x) = down(gelu(up x)), gelu by the error function. */
public record MlpBlock(Ops ops, ModelSpec spec, Residual residual, Linear up, Linear down) implements Block {
    @Override
    public void run(Pass pass, MemorySegment x) {
        int n = pass.rows();
        long mark = pass.scratch().mark();
        try {
            MemorySegment in = pass.floats(spec.dim());
            MemorySegment wide = pass.floats(spec.hidden());
            residual.enter(x, in, n);
            up.run(pass, in, wide);
            ops.gelu(wide, (long) n * spec.hidden());
            MemorySegment y = in; // no longer needed, and as wide
            down.run(pass, wide, y);
            residual.leave(x, y, n);
        } finally {
            pass.scratch().release(mark);
        }
    }

    @Override
    public long scratchBytes(int n) {
        long rows = sizeOf(4L * n * spec.dim()) + sizeOf(4L * n * spec.hidden());
        return rows + Math.max(up.scratchBytes(n), down.scratchBytes(n));
    }
}
