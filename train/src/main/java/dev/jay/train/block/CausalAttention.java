// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * softmax(q . k' / sqrt(dim)) . v, each token over itself and those before it in its sequence, heads in groups that share
 * keys and values. Some queries at a time against all keys they see: of the scores no more than that ever exists, and
 * backward makes them again.
 */
final class CausalAttention {
    private static final int QUERIES = 128; // at a time

    private final Ops ops;
    private final List<Own> own = new ArrayList<>(); // by worker
    private final int heads;
    private final int group;
    private final int dim;
    private final int queryWidth;
    private final int keyWidth;
    private final float scale;

    /** What a worker calculates with. */
    private record Own(Gemm gemm, GradientOps gradients) {}

    CausalAttention(Ops ops, Precision precision, ModelSpec spec) {
        this.ops = ops;
        for (int i = 0; i < ops.workers(); i++) {
            Ops alone = ops.ofWorker(i);
            own.add(new Own(alone.gemm(precision), alone.gradients()));
        }
        this.heads = spec.heads();
        this.group = spec.heads() / spec.kvHeads();
        this.dim = spec.headDim();
        this.queryWidth = heads * dim;
        this.keyWidth = spec.kvHeads() * dim;
        this.scale = (float) (1 / Math.sqrt(dim));
    }

    long scratchBytes(int length) {
        return 2L * ops.workers() * weightBytes(length);
    }

    /** Of a worker's products. */
    Gemm.Room room(int length) {
        Gemm gemm = own.getFirst().gemm;
        Gemm.Room most = Gemm.Room.NONE;
        for (int from = 0; from < length; from += QUERIES) {
            int count = Math.min(QUERIES, length - from);
            int seen = from + count;
            most = most.max(gemm.room(count, seen, dim))
                    .max(gemm.room(count, dim, seen))
                    .max(gemm.room(seen, dim, count));
        }
        return most;
    }

    private static long weightBytes(int length) {
        return Scratch.sizeOf(4L * Math.min(QUERIES, length) * length);
    }

    /** One head of one sequence, some of its queries: which rows, and where they lie. */
    private record Part(int from, int count, long queries, long keys) {
        /** Keys that any of them sees. */
        int seen() {
            return from + count;
        }
    }

    private interface Work {
        /** @param room two times {@link #weightBytes}, of the worker */
        void run(Part part, Own own, Scratch room);
    }

    /** Heads that share keys and values are one worker's, in their order: sums over them do not depend on the threads. */
    private void forEach(TrainPass pass, Work work) {
        int length = pass.length();
        long mark = pass.scratch().mark();
        List<MemorySegment> rooms = new ArrayList<>();
        for (int i = 0; i < own.size(); i++) rooms.add(pass.scratch().take(2 * weightBytes(length)));
        int groups = heads / group;
        ops.forEach(pass.sequences() * groups, (i, worker) -> {
            long row = (long) (i / groups) * length;
            int first = i % groups * group;
            for (int h = first; h < first + group; h++) {
                for (int from = 0; from < length; from += QUERIES) {
                    long queries = 4 * ((row + from) * queryWidth + (long) h * dim);
                    long keys = 4 * (row * keyWidth + (long) (h / group) * dim);
                    Part part = new Part(from, Math.min(QUERIES, length - from), queries, keys);
                    work.run(part, own.get(worker), new Scratch(rooms.get(worker)));
                }
            }
        });
        pass.scratch().release(mark);
    }

    private Factor queries(MemorySegment s, Part p, boolean transposed) {
        return new Factor(s.asSlice(p.queries), queryWidth, transposed);
    }

    private Factor keys(MemorySegment s, Part p, boolean transposed) {
        return new Factor(s.asSlice(p.keys), keyWidth, transposed);
    }

    /** out[rows][heads * dim]. */
    void forward(TrainPass pass, MemorySegment q, MemorySegment k, MemorySegment v, MemorySegment out) {
        forEach(pass, (p, by, room) -> {
            MemorySegment weights = room.floats((long) p.count * p.seen());
            weigh(p, by, q, k, weights);
            MemorySegment to = out.asSlice(p.queries);
            by.gemm.run(p.count, dim, p.seen(), Factor.of(weights, p.seen()), keys(v, p, false), to, queryWidth, false);
        });
    }

    /** weights[count][seen]; what a query does not see weighs nothing. */
    private void weigh(Part p, Own by, MemorySegment q, MemorySegment k, MemorySegment weights) {
        int seen = p.seen();
        by.gemm.run(p.count, seen, dim, queries(q, p, false), keys(k, p, true), weights, seen, false);
        by.gradients.causalSoftmax(weights, scale, p.from, p.count, seen);
    }

    /**
     * Sets dq, dk and dv.
     *
     * @param dOut the gradient of what {@link #forward} set
     */
    void backward(
            TrainPass pass, Saved saved, MemorySegment dOut, MemorySegment dq, MemorySegment dk, MemorySegment dv) {
        long rows = pass.rows();
        dk.asSlice(0, 4 * rows * keyWidth).fill((byte) 0);
        dv.asSlice(0, 4 * rows * keyWidth).fill((byte) 0);
        forEach(pass, (p, by, room) -> {
            int seen = p.seen();
            MemorySegment weights = room.floats((long) p.count * seen);
            MemorySegment d = room.floats((long) p.count * seen);
            weigh(p, by, saved.q, saved.k, weights);
            Factor dOuts = queries(dOut, p, false);
            MemorySegment dvs = dv.asSlice(p.keys);
            by.gemm.run(seen, dim, p.count, Factor.transposed(weights, seen), dOuts, dvs, keyWidth, true);
            by.gemm.run(p.count, seen, dim, dOuts, keys(saved.v, p, true), d, seen, false);
            by.gradients.causalSoftmaxGradient(weights, d, scale, p.from, p.count, seen);
            MemorySegment dqs = dq.asSlice(p.queries);
            by.gemm.run(p.count, dim, seen, Factor.of(d, seen), keys(saved.k, p, false), dqs, queryWidth, false);
            Factor qs = queries(saved.q, p, false);
            by.gemm.run(seen, dim, p.count, Factor.transposed(d, seen), qs, dk.asSlice(p.keys), keyWidth, true);
        });
    }

    /** What backward needs of forward. */
    record Saved(MemorySegment q, MemorySegment k, MemorySegment v, MemorySegment out) {}
}
