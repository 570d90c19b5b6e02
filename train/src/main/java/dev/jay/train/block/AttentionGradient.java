// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** x += out(attention(norm x)), as {@code AttentionBlock} serves it, and its gradient. Saved: [x][q][k][v][mixed]. */
final class AttentionGradient implements TrainBlock {
    private final Ops ops;
    private final ModelSpec spec;
    private final Products products;
    private final NormGradient norm;
    private final CausalAttention attention;
    private final Parameter wq;
    private final Parameter wk;
    private final Parameter wv;
    private final Parameter wo;
    private final int queryWidth;
    private final int keyWidth;

    AttentionGradient(Ops ops, Gemm gemm, Parameters parameters, int layer) {
        String p = "blk." + layer + ".";
        this.ops = ops;
        this.spec = parameters.spec();
        this.products = new Products(gemm);
        this.norm = new NormGradient(ops, parameters.get(p + "attn_norm.weight"), spec.normEps());
        this.attention = new CausalAttention(ops, gemm, spec);
        this.wq = parameters.get(p + "attn_q.weight");
        this.wk = parameters.get(p + "attn_k.weight");
        this.wv = parameters.get(p + "attn_v.weight");
        this.wo = parameters.get(p + "attn_output.weight");
        this.queryWidth = wq.rows();
        this.keyWidth = wk.rows();
    }

    private record Kept(MemorySegment x, CausalAttention.Saved rows) {}

    private Kept kept(MemorySegment saved, int rows) {
        Scratch parts = new Scratch(saved);
        MemorySegment x = parts.floats((long) rows * spec.dim());
        MemorySegment q = parts.floats((long) rows * queryWidth);
        MemorySegment k = parts.floats((long) rows * keyWidth);
        MemorySegment v = parts.floats((long) rows * keyWidth);
        return new Kept(x, new CausalAttention.Saved(q, k, v, parts.floats((long) rows * queryWidth)));
    }

    @Override
    public long savedBytes(int rows) {
        return Scratch.sizeOf(4L * rows * spec.dim())
                + 2 * Scratch.sizeOf(4L * rows * queryWidth)
                + 2 * Scratch.sizeOf(4L * rows * keyWidth);
    }

    @Override
    public long scratchBytes(int sequences, int length) {
        int rows = sequences * length;
        long gradients = 2 * Scratch.sizeOf(4L * rows * queryWidth) + 2 * Scratch.sizeOf(4L * rows * keyWidth);
        long normed = 2 * Scratch.sizeOf(4L * rows * spec.dim());
        return gradients + normed + Math.max(attention.scratchBytes(length), norm.scratchBytes(rows));
    }

    @Override
    public void forward(TrainPass pass, MemorySegment x, MemorySegment saved) {
        int n = pass.rows();
        Kept kept = kept(saved, n);
        CausalAttention.Saved rows = kept.rows;
        long mark = pass.scratch().mark();
        kept.x.copyFrom(x.asSlice(0, kept.x.byteSize()));
        MemorySegment normed = pass.floats(spec.dim());
        norm.forward(x, normed, n);
        products.forward(wq, normed, n, rows.q(), false);
        products.forward(wk, normed, n, rows.k(), false);
        products.forward(wv, normed, n, rows.v(), false);
        turn(rows.q(), n, spec.heads(), pass.turns());
        turn(rows.k(), n, spec.kvHeads(), pass.turns());
        attention.forward(pass, rows.q(), rows.k(), rows.v(), rows.out());
        products.forward(wo, rows.out(), n, x, true);
        pass.scratch().release(mark);
    }

    private void turn(MemorySegment x, int n, int heads, MemorySegment table) {
        ModelSpec.Rotary rotary = spec.rotary();
        ops.rotate(x, n, heads, spec.headDim(), rotary.dim(), table, rotary.interleaved());
    }

    @Override
    public void backward(TrainPass pass, MemorySegment dx, MemorySegment saved) {
        int n = pass.rows();
        Kept kept = kept(saved, n);
        long mark = pass.scratch().mark();
        MemorySegment dMixed = pass.floats(queryWidth);
        MemorySegment dq = pass.floats(queryWidth);
        MemorySegment dk = pass.floats(keyWidth);
        MemorySegment dv = pass.floats(keyWidth);
        products.backward(wo, kept.rows.out(), dx, n, dMixed, false);
        attention.backward(pass, kept.rows, dMixed, dq, dk, dv);
        turn(dq, n, spec.heads(), pass.turnsBack());
        turn(dk, n, spec.kvHeads(), pass.turnsBack());
        MemorySegment normed = pass.floats(spec.dim());
        MemorySegment dNormed = pass.floats(spec.dim());
        norm.forward(kept.x, normed, n);
        products.backward(wq, normed, dq, n, dNormed, false);
        products.backward(wk, normed, dk, n, dNormed, true);
        products.backward(wv, normed, dv, n, dNormed, true);
        norm.backward(kept.x, dNormed, dx, n, pass.scratch());
        pass.scratch().release(mark);
    }
}
