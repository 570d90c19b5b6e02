// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.kv.AttentionBatch;
import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvAttention;
import dev.jay.kv.Mask;
import dev.jay.model.Block;
import dev.jay.model.LayerAttention;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/**
 * f(x) = out(attention(x)), queries in groups that share a KV head. Knows no codec and no policy.
 *
 * @param layer     its attention is the spec's; its stream of the KV source has this number, or 0 in an encoder
 * @param rotation  which of the pass's rotations turns queries and keys; -1: none
 * @param qkv       three parts: [heads * headDim], [kvHeads * headDim], [kvHeads * headDim]
 * @param queryNorm over each query head, or all of a token's, before they are turned; null for none
 * @param keyNorm   over each key head, or all of a token's, before they are turned; null for none
 */
public record AttentionBlock(
        Ops ops,
        ModelSpec spec,
        int layer,
        int rotation,
        Residual residual,
        Linear qkv,
        RmsNorm queryNorm,
        RmsNorm keyNorm,
        KvAttention attention,
        Linear out)
        implements Block {
    @Override
    public void run(Pass pass, MemorySegment x) {
        int n = pass.rows();
        long mark = pass.scratch().mark();
        try {
            MemorySegment in = pass.floats(spec.dim());
            MemorySegment q = pass.floats(queryWidth());
            MemorySegment k = pass.floats(keyWidth());
            MemorySegment v = pass.floats(keyWidth());
            residual.enter(x, in, n);
            qkv.run(pass, in, q, k, v);
            norm(queryNorm, q, n * queryWidth());
            norm(keyNorm, k, n * keyWidth());
            turn(pass, q, spec.heads());
            if (!attention.turnsKeys()) turn(pass, k, spec.kvHeads());
            for (Span span :
                    pass.spans()) { // before anyone attends: a token sees itself and those before it in the pass
                MemorySegment keys = Pass.rowsOf(span, k, keyWidth());
                MemorySegment values = Pass.rowsOf(span, v, keyWidth());
                span.source().append(stream(), span.position(), span.count(), keys, values, ops);
            }
            MemorySegment mixed = pass.floats(queryWidth());
            attention.run(stream(), batch(pass, q, mixed));
            MemorySegment y = in; // no longer needed, and as wide
            out.run(pass, mixed, y);
            residual.leave(x, y, n);
        } finally {
            pass.scratch().release(mark);
        }
    }

    private static void norm(RmsNorm norm, MemorySegment x, int values) {
        if (norm != null) norm.run(x, x, values / norm.gain().row().cols());
    }

    private int stream() {
        return spec.isEncoder() ? 0 : layer;
    }

    private void turn(Pass pass, MemorySegment x, int heads) {
        if (rotation < 0) return;
        ModelSpec.Rotary rotary = spec.attention().get(layer).rotary();
        MemorySegment table = pass.rotations().get(rotation);
        ops.rotate(x, pass.rows(), heads, spec.headDim(), rotary.dim(), table, rotary.interleaved());
    }

    private AttentionBatch batch(Pass pass, MemorySegment q, MemorySegment mixed) {
        LayerAttention how = spec.attention().get(layer);
        Mask mask =
                spec.isEncoder() ? Mask.EVERYTHING : how.window() == 0 ? Mask.CAUSAL : new Mask.Window(how.window());
        return new AttentionBatch(
                pass.spans(),
                q,
                spec.heads(),
                mask,
                how.scale(),
                how.softCap(),
                mixed,
                null,
                pass.numerics(),
                pass.scratch());
    }

    @Override
    public long scratchBytes(int n) {
        long rows = sizeOf(4L * n * spec.dim()) + sizeOf(4L * n * queryWidth()) + 2 * sizeOf(4L * n * keyWidth());
        long mixed = sizeOf(4L * n * queryWidth());
        long attending = mixed + Math.max(attention.scratchBytes(n), out.scratchBytes(n));
        return rows + Math.max(qkv.scratchBytes(n), attending);
    }

    private int queryWidth() {
        return spec.heads() * spec.headDim();
    }

    private int keyWidth() {
        return spec.kvHeads() * spec.headDim();
    }
}
