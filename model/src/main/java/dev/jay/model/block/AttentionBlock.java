// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.kv.AttentionBatch;
import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvAttention;
import dev.jay.kv.Mask;
import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/**
 * x += out(attention(norm x)), queries in groups that share a KV head. Knows no codec and no policy.
 *
 * @param stream    the stream of the KV source that it appends to and reads
 * @param qkv       three parts: [heads * headDim], [kvHeads * headDim], [kvHeads * headDim]
 * @param queryNorm over each query head before it is turned; null for none
 * @param keyNorm   over each key head before it is turned; null for none
 */
public record AttentionBlock(
        Ops ops,
        ModelSpec spec,
        int stream,
        Mask mask,
        RmsNorm norm,
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
            MemorySegment normed = pass.floats(spec.dim());
            MemorySegment q = pass.floats(queryWidth());
            MemorySegment k = pass.floats(keyWidth());
            MemorySegment v = pass.floats(keyWidth());
            norm.run(x, normed, n);
            qkv.run(pass, normed, q, k, v);
            if (queryNorm != null) queryNorm.run(q, q, n * spec.heads());
            if (keyNorm != null) keyNorm.run(k, k, n * spec.kvHeads());
            turn(pass, q, spec.heads());
            turn(pass, k, spec.kvHeads());
            for (Span span :
                    pass.spans()) { // before anyone attends: a token sees itself and those before it in the pass
                MemorySegment keys = Pass.rowsOf(span, k, keyWidth());
                MemorySegment values = Pass.rowsOf(span, v, keyWidth());
                span.source().append(stream, span.position(), span.count(), keys, values);
            }
            MemorySegment mixed = pass.floats(queryWidth());
            attention.run(stream, batch(pass, q, mixed));
            MemorySegment y = normed; // no longer needed, and as wide
            out.run(pass, mixed, y);
            ops.add(x, y, (long) n * spec.dim());
        } finally {
            pass.scratch().release(mark);
        }
    }

    private void turn(Pass pass, MemorySegment x, int heads) {
        ModelSpec.Rotary rotary = spec.rotary();
        ops.rotate(x, pass.rows(), heads, spec.headDim(), rotary.dim(), pass.rotation(), rotary.interleaved());
    }

    private AttentionBatch batch(Pass pass, MemorySegment q, MemorySegment mixed) {
        float scale = (float) (1 / Math.sqrt(spec.headDim()));
        return new AttentionBatch(
                pass.spans(), q, spec.heads(), mask, scale, 0, mixed, null, pass.numerics(), pass.scratch());
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
