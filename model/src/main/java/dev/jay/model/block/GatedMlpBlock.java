// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/**
 * f(x) = down(activation(gate x) * up x).
 *
 * @param gateUp two parts, each [hidden]
 */
public record GatedMlpBlock(
        Ops ops, ModelSpec spec, Residual residual, Activation activation, Linear gateUp, Linear down)
        implements Block {
    @Override
    public void run(Pass pass, MemorySegment x) {
        int n = pass.rows();
        long mark = pass.scratch().mark();
        try {
            MemorySegment in = pass.floats(spec.dim());
            MemorySegment gate = pass.floats(spec.hidden());
            MemorySegment up = pass.floats(spec.hidden());
            residual.enter(x, in, n);
            gateUp.run(pass, in, gate, up);
            activation.gate(ops, gate, up, (long) n * spec.hidden());
            MemorySegment y = in; // no longer needed, and as wide
            down.run(pass, gate, y);
            residual.leave(x, y, n);
        } finally {
            pass.scratch().release(mark);
        }
    }

    @Override
    public long scratchBytes(int n) {
        long rows = sizeOf(4L * n * spec.dim()) + 2 * sizeOf(4L * n * spec.hidden());
        return rows + Math.max(gateUp.scratchBytes(n), down.scratchBytes(n));
    }
}
