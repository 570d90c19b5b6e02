// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** x += down(silu(gate(norm x)) * up(norm x)), and its gradient. Saved: [x][gate][up][mixed]. */
final class GatedMlpGradient implements TrainBlock {
    private final Ops ops;
    private final GradientOps gradients;
    private final ModelSpec spec;
    private final NormGradient norm;
    private final LinearGradient gate;
    private final LinearGradient up;
    private final LinearGradient down;

    GatedMlpGradient(Ops ops, TrainWeights weights, int layer) {
        String p = "blk." + layer + ".";
        this.ops = ops;
        this.gradients = ops.gradients();
        this.spec = weights.spec();
        this.norm = weights.norm(p + "ffn_norm");
        this.gate = weights.linear(p + "ffn_gate");
        this.up = weights.linear(p + "ffn_up");
        this.down = weights.linear(p + "ffn_down");
    }

    private record Kept(MemorySegment x, MemorySegment gate, MemorySegment up, MemorySegment mixed) {}

    private Kept kept(MemorySegment saved, int rows) {
        Scratch parts = new Scratch(saved);
        long hidden = (long) rows * spec.hidden();
        MemorySegment x = parts.floats((long) rows * spec.dim());
        return new Kept(x, parts.floats(hidden), parts.floats(hidden), parts.floats(hidden));
    }

    @Override
    public long savedBytes(int rows) {
        return Scratch.sizeOf(4L * rows * spec.dim()) + 3 * Scratch.sizeOf(4L * rows * spec.hidden());
    }

    @Override
    public long scratchBytes(int sequences, int length) {
        int rows = sequences * length;
        long working = norm.scratchBytes(rows);
        for (LinearGradient w : new LinearGradient[] {gate, up, down})
            working = Math.max(working, w.scratchBytes(rows));
        long normed = Scratch.sizeOf(4L * rows * spec.dim());
        long backward = Scratch.sizeOf(4L * rows * spec.hidden()) + (savedIsWider() ? 0 : 2 * normed) + working;
        return Math.max(normed + working, backward);
    }

    /** Whether normed rows and their gradients find room where gate and up were saved. */
    private boolean savedIsWider() {
        return spec.hidden() >= spec.dim();
    }

    @Override
    public Gemm.Room room(int rows) {
        return gate.room(rows).max(up.room(rows)).max(down.room(rows));
    }

    @Override
    public void forward(TrainPass pass, MemorySegment x, MemorySegment saved) {
        int n = pass.rows();
        long hidden = (long) n * spec.hidden();
        Kept kept = kept(saved, n);
        long mark = pass.scratch().mark();
        ops.copy(kept.x, x, (long) n * spec.dim());
        MemorySegment normed = pass.floats(spec.dim());
        norm.forward(x, normed, n);
        gate.forward(pass, normed, kept.gate, false);
        up.forward(pass, normed, kept.up, false);
        ops.swiGlu(kept.mixed, kept.gate, kept.up, hidden);
        down.forward(pass, kept.mixed, x, true);
        pass.scratch().release(mark);
    }

    @Override
    public void backward(TrainPass pass, MemorySegment dx, MemorySegment saved) {
        int n = pass.rows();
        long hidden = (long) n * spec.hidden();
        Kept kept = kept(saved, n);
        long mark = pass.scratch().mark();
        MemorySegment dMixed = pass.floats(spec.hidden());
        down.backward(pass, kept.mixed, dx, dMixed, false);
        MemorySegment dUp = kept.mixed; // no longer needed, and as wide
        gradients.swiGluGradient(kept.gate, kept.up, dMixed, dUp, hidden);
        MemorySegment normed = savedIsWider() ? kept.gate : pass.floats(spec.dim()); // gate is no longer needed
        MemorySegment dNormed = savedIsWider() ? kept.up : pass.floats(spec.dim());
        norm.forward(kept.x, normed, n);
        gate.backward(pass, normed, dMixed, dNormed, false);
        up.backward(pass, normed, dUp, dNormed, true);
        norm.backward(kept.x, dNormed, dx, n, pass.scratch());
        pass.scratch().release(mark);
    }
}
