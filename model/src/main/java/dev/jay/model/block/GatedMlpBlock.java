// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/**
 * x += down(silu(gate(norm x)) * up(norm x)).
 *
 * @param gateUp two parts, each [hidden]
 */
public record GatedMlpBlock(Ops ops, ModelSpec spec, RmsNorm norm, Linear gateUp, Linear down) implements Block {
    @Override
    public void run(Pass pass, MemorySegment x) {
        int n = pass.rows();
        long mark = pass.scratch().mark();
        try {
            MemorySegment normed = pass.floats(spec.dim());
            MemorySegment gate = pass.floats(spec.hidden());
            MemorySegment up = pass.floats(spec.hidden());
            norm.run(x, normed, n);
            gateUp.run(pass, normed, gate, up);
            ops.swiGlu(gate, up, (long) n * spec.hidden());
            MemorySegment y = normed; // no longer needed, and as wide
            down.run(pass, gate, y);
            ops.add(x, y, (long) n * spec.dim());
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
