// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * softmax(q . k' / sqrt(dim)) . v, each token over itself and those before it in its sequence, heads in groups that share
 * keys and values. Some queries at a time against all keys they see: of the scores no more than that ever exists, and
 * backward makes them again.
 */
final class CausalAttention {
    private static final int QUERIES = 256; // at a time

    private final GradientOps gradients;
    private final Gemm gemm;
    private final int heads;
    private final int group;
    private final int dim;
    private final int queryWidth;
    private final int keyWidth;
    private final float scale;

    CausalAttention(Ops ops, Gemm gemm, ModelSpec spec) {
        this.gradients = ops.gradients();
        this.gemm = gemm;
        this.heads = spec.heads();
        this.group = spec.heads() / spec.kvHeads();
        this.dim = spec.headDim();
        this.queryWidth = heads * dim;
        this.keyWidth = spec.kvHeads() * dim;
        this.scale = (float) (1 / Math.sqrt(dim));
    }

    long scratchBytes(int length) {
        return 2 * Scratch.sizeOf(4L * Math.min(QUERIES, length) * length);
    }

    /** One head of one sequence, some of its queries: which rows, and where they lie. */
    private record Part(int from, int count, long queries, long keys) {
        /** Keys that any of them sees. */
        int seen() {
            return from + count;
        }
    }

    private interface Work {
        void run(Part part);
    }

    private void forEach(TrainPass pass, Work work) {
        for (int s = 0; s < pass.sequences(); s++) {
            long row = (long) s * pass.length();
            for (int h = 0; h < heads; h++) {
                for (int from = 0; from < pass.length(); from += QUERIES) {
                    long queries = 4 * ((row + from) * queryWidth + (long) h * dim);
                    long keys = 4 * (row * keyWidth + (long) (h / group) * dim);
                    work.run(new Part(from, Math.min(QUERIES, pass.length() - from), queries, keys));
                }
            }
        }
    }

    private Factor queries(MemorySegment s, Part p, boolean transposed) {
        return new Factor(s.asSlice(p.queries), queryWidth, transposed);
    }

    private Factor keys(MemorySegment s, Part p, boolean transposed) {
        return new Factor(s.asSlice(p.keys), keyWidth, transposed);
    }

    /** out[rows][heads * dim]. */
    void forward(TrainPass pass, MemorySegment q, MemorySegment k, MemorySegment v, MemorySegment out) {
        long mark = pass.scratch().mark();
        MemorySegment weights = pass.scratch().take(scratchBytes(pass.length()) / 2);
        forEach(pass, p -> {
            weigh(p, q, k, weights);
            MemorySegment to = out.asSlice(p.queries);
            gemm.run(p.count, dim, p.seen(), Factor.of(weights, p.seen()), keys(v, p, false), to, queryWidth, false);
        });
        pass.scratch().release(mark);
    }

    /** weights[count][seen]; what a query does not see weighs nothing. */
    private void weigh(Part p, MemorySegment q, MemorySegment k, MemorySegment weights) {
        int seen = p.seen();
        gemm.run(p.count, seen, dim, queries(q, p, false), keys(k, p, true), weights, seen, false);
        gradients.causalSoftmax(weights, scale, p.from, p.count, seen);
    }

    /**
     * Sets dq, dk and dv.
     *
     * @param out  of {@link #forward}
     * @param dOut its gradient
     */
    void backward(
            TrainPass pass, Saved saved, MemorySegment dOut, MemorySegment dq, MemorySegment dk, MemorySegment dv) {
        long rows = pass.rows();
        dk.asSlice(0, 4 * rows * keyWidth).fill((byte) 0);
        dv.asSlice(0, 4 * rows * keyWidth).fill((byte) 0);
        long mark = pass.scratch().mark();
        MemorySegment weights = pass.scratch().take(scratchBytes(pass.length()) / 2);
        MemorySegment d = pass.scratch().take(scratchBytes(pass.length()) / 2);
        forEach(pass, p -> {
            int seen = p.seen();
            weigh(p, saved.q, saved.k, weights);
            Factor dOuts = queries(dOut, p, false);
            MemorySegment dvs = dv.asSlice(p.keys);
            gemm.run(seen, dim, p.count, Factor.transposed(weights, seen), dOuts, dvs, keyWidth, true);
            gemm.run(p.count, seen, dim, dOuts, keys(saved.v, p, true), d, seen, false);
            MemorySegment outs = saved.out.asSlice(p.queries);
            gradients.causalSoftmaxGradient(
                    weights, d, outs, dOut.asSlice(p.queries), queryWidth, dim, scale, p.from, p.count, seen);
            gemm.run(
                    p.count,
                    dim,
                    seen,
                    Factor.of(d, seen),
                    keys(saved.k, p, false),
                    dq.asSlice(p.queries),
                    queryWidth,
                    false);
            gemm.run(
                    seen,
                    dim,
                    p.count,
                    Factor.transposed(d, seen),
                    queries(saved.q, p, false),
                    dk.asSlice(p.keys),
                    keyWidth,
                    true);
        });
        pass.scratch().release(mark);
    }

    /** What backward needs of forward. */
    record Saved(MemorySegment q, MemorySegment k, MemorySegment v, MemorySegment out) {}
}
