// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** x += down(silu(gate(norm x)) * up(norm x)), and its gradient. Saved: [x][gate][up]. */
final class GatedMlpGradient implements TrainBlock {
    private final Ops ops;
    private final GradientOps gradients;
    private final ModelSpec spec;
    private final Products products;
    private final NormGradient norm;
    private final Parameter gate;
    private final Parameter up;
    private final Parameter down;

    GatedMlpGradient(Ops ops, Gemm gemm, Parameters parameters, int layer) {
        String p = "blk." + layer + ".";
        this.ops = ops;
        this.gradients = ops.gradients();
        this.spec = parameters.spec();
        this.products = new Products(gemm);
        this.norm = new NormGradient(ops, parameters.get(p + "ffn_norm.weight"), spec.normEps());
        this.gate = parameters.get(p + "ffn_gate.weight");
        this.up = parameters.get(p + "ffn_up.weight");
        this.down = parameters.get(p + "ffn_down.weight");
    }

    private record Kept(MemorySegment x, MemorySegment gate, MemorySegment up) {}

    private Kept kept(MemorySegment saved, int rows) {
        Scratch parts = new Scratch(saved);
        long hidden = (long) rows * spec.hidden();
        return new Kept(parts.floats((long) rows * spec.dim()), parts.floats(hidden), parts.floats(hidden));
    }

    @Override
    public long savedBytes(int rows) {
        return Scratch.sizeOf(4L * rows * spec.dim()) + 2 * Scratch.sizeOf(4L * rows * spec.hidden());
    }

    @Override
    public long scratchBytes(int sequences, int length) {
        int rows = sequences * length;
        return 2 * Scratch.sizeOf(4L * rows * spec.dim())
                + 2 * Scratch.sizeOf(4L * rows * spec.hidden())
                + norm.scratchBytes(rows);
    }

    @Override
    public void forward(TrainPass pass, MemorySegment x, MemorySegment saved) {
        int n = pass.rows();
        Kept kept = kept(saved, n);
        long mark = pass.scratch().mark();
        kept.x.copyFrom(x.asSlice(0, kept.x.byteSize()));
        MemorySegment normed = pass.floats(spec.dim());
        norm.forward(x, normed, n);
        products.forward(gate, normed, n, kept.gate, false);
        products.forward(up, normed, n, kept.up, false);
        MemorySegment mixed = pass.floats(spec.hidden());
        mixed.copyFrom(kept.gate);
        ops.swiGlu(mixed, kept.up, (long) n * spec.hidden());
        products.forward(down, mixed, n, x, true);
        pass.scratch().release(mark);
    }

    @Override
    public void backward(TrainPass pass, MemorySegment dx, MemorySegment saved) {
        int n = pass.rows();
        long hidden = (long) n * spec.hidden();
        Kept kept = kept(saved, n);
        long mark = pass.scratch().mark();
        MemorySegment mixed = pass.floats(spec.hidden());
        mixed.copyFrom(kept.gate);
        ops.swiGlu(mixed, kept.up, hidden);
        MemorySegment dMixed = pass.floats(spec.hidden());
        products.backward(down, mixed, dx, n, dMixed, false);
        MemorySegment dUp = mixed; // no longer needed, and as wide
        gradients.swiGluGradient(kept.gate, kept.up, dMixed, dUp, hidden);
        MemorySegment normed = pass.floats(spec.dim());
        MemorySegment dNormed = pass.floats(spec.dim());
        norm.forward(kept.x, normed, n);
        products.backward(gate, normed, dMixed, n, dNormed, false);
        products.backward(up, normed, dUp, n, dNormed, true);
        norm.backward(kept.x, dNormed, dx, n, pass.scratch());
        pass.scratch().release(mark);
    }
}
