// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * x += out(attention(norm x)), as {@code AttentionBlock} serves it, and its gradient. Saved: [x][q][k][v][mixed], and
 * behind them q and k as they were before their norms, where heads are normed.
 */
final class AttentionGradient implements TrainBlock {
    private final Ops ops;
    private final ModelSpec spec;
    private final NormGradient norm;
    private final CausalAttention attention;
    private final LinearGradient wq;
    private final LinearGradient wk;
    private final LinearGradient wv;
    private final LinearGradient wo;
    private final HeadNorms headNorms; // null where heads are not normed
    private final int queryWidth;
    private final int keyWidth;

    AttentionGradient(Ops ops, Precision precision, TrainWeights weights, int layer) {
        String p = "blk." + layer + ".";
        this.ops = ops;
        this.spec = weights.spec();
        this.norm = weights.norm(p + "attn_norm");
        this.attention = new CausalAttention(ops, precision, spec);
        this.wq = weights.linear(p + "attn_q");
        this.wk = weights.linear(p + "attn_k");
        this.wv = weights.linear(p + "attn_v");
        this.wo = weights.linear(p + "attn_output");
        this.headNorms = weights.hasNorm(p + "attn_q_norm")
                ? new HeadNorms(spec, weights.norm(p + "attn_q_norm"), weights.norm(p + "attn_k_norm"))
                : null;
        this.queryWidth = wq.rows();
        this.keyWidth = wk.rows();
    }

    private record Kept(MemorySegment x, CausalAttention.Saved rows, HeadNorms.Raw raw) {}

    private Kept kept(MemorySegment saved, int rows) {
        Scratch parts = new Scratch(saved);
        MemorySegment x = parts.floats((long) rows * spec.dim());
        MemorySegment q = parts.floats((long) rows * queryWidth);
        MemorySegment k = parts.floats((long) rows * keyWidth);
        MemorySegment v = parts.floats((long) rows * keyWidth);
        CausalAttention.Saved attended = new CausalAttention.Saved(q, k, v, parts.floats((long) rows * queryWidth));
        return new Kept(x, attended, headNorms == null ? new HeadNorms.Raw(q, k) : headNorms.raw(parts, rows));
    }

    @Override
    public long savedBytes(int rows) {
        return Scratch.sizeOf(4L * rows * spec.dim())
                + 2 * Scratch.sizeOf(4L * rows * queryWidth)
                + 2 * Scratch.sizeOf(4L * rows * keyWidth)
                + (headNorms == null ? 0 : headNorms.rawBytes(rows));
    }

    @Override
    public long scratchBytes(int sequences, int length) {
        int rows = sequences * length;
        long queries = Scratch.sizeOf(4L * rows * queryWidth);
        long keys = Scratch.sizeOf(4L * rows * keyWidth);
        long normed = Scratch.sizeOf(4L * rows * spec.dim());
        long ofLinears = 0;
        for (LinearGradient w : new LinearGradient[] {wq, wk, wv, wo})
            ofLinears = Math.max(ofLinears, w.scratchBytes(rows));
        long forward = normed + Math.max(attention.scratchBytes(length), ofLinears);
        // one after the other behind the gradients of queries, keys and values
        long mixing = queries + Math.max(attention.scratchBytes(length), ofLinears);
        long turning = headNorms == null ? 0 : headNorms.scratchBytes(rows);
        long norming = (savedIsWider() ? 0 : 2 * normed) + Math.max(norm.scratchBytes(rows), ofLinears);
        return Math.max(forward, queries + 2 * keys + Math.max(mixing, Math.max(turning, norming)));
    }

    /** Whether normed rows and their gradients find room where queries, keys, values and what they mixed were saved. */
    private boolean savedIsWider() {
        return queryWidth + keyWidth >= spec.dim();
    }

    @Override
    public Gemm.Room room(int rows) {
        return wq.room(rows).max(wk.room(rows)).max(wv.room(rows)).max(wo.room(rows));
    }

    @Override
    public Gemm.Room workerRoom(int length) {
        return attention.room(length);
    }

    @Override
    public void forward(TrainPass pass, MemorySegment x, MemorySegment saved) {
        int n = pass.rows();
        Kept kept = kept(saved, n);
        CausalAttention.Saved rows = kept.rows;
        long mark = pass.scratch().mark();
        ops.copy(kept.x, x, (long) n * spec.dim());
        MemorySegment normed = pass.floats(spec.dim());
        norm.forward(x, normed, n);
        wq.forward(pass, normed, kept.raw.q(), false);
        wk.forward(pass, normed, kept.raw.k(), false);
        wv.forward(pass, normed, rows.v(), false);
        if (headNorms != null) headNorms.forward(kept.raw, rows, n);
        turn(rows.q(), n, spec.heads(), pass.turns());
        turn(rows.k(), n, spec.kvHeads(), pass.turns());
        attention.forward(pass, rows.q(), rows.k(), rows.v(), rows.out());
        wo.forward(pass, rows.out(), x, true);
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
        MemorySegment dq = pass.floats(queryWidth);
        MemorySegment dk = pass.floats(keyWidth);
        MemorySegment dv = pass.floats(keyWidth);
        long inner = pass.scratch().mark();
        MemorySegment dMixed = pass.floats(queryWidth);
        wo.backward(pass, kept.rows.out(), dx, dMixed, false);
        attention.backward(pass, kept.rows, dMixed, dq, dk, dv);
        pass.scratch().release(inner);
        turn(dq, n, spec.heads(), pass.turnsBack());
        turn(dk, n, spec.kvHeads(), pass.turnsBack());
        if (headNorms != null) headNorms.backward(kept.raw, dq, dk, n, pass.scratch());
        Scratch free = savedIsWider() ? new Scratch(saved) : pass.scratch(); // but for x, no longer needed
        if (savedIsWider()) free.take(4L * n * spec.dim());
        MemorySegment normed = free.floats((long) n * spec.dim());
        MemorySegment dNormed = free.floats((long) n * spec.dim());
        norm.forward(kept.x, normed, n);
        wq.backward(pass, normed, dq, dNormed, false);
        wk.backward(pass, normed, dk, dNormed, true);
        wv.backward(pass, normed, dv, dNormed, true);
        norm.backward(kept.x, dNormed, dx, n, pass.scratch());
        pass.scratch().release(mark);
    }
}
