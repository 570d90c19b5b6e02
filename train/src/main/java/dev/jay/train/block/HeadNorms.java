// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** Norms over each head of queries and of keys, before they are turned. */
record HeadNorms(ModelSpec spec, NormGradient queries, NormGradient keys) {
    /** What backward needs: queries and keys as they were before. */
    record Raw(MemorySegment q, MemorySegment k) {}

    private long queryFloats(int rows) {
        return (long) rows * spec.heads() * spec.headDim();
    }

    private long keyFloats(int rows) {
        return (long) rows * spec.kvHeads() * spec.headDim();
    }

    long rawBytes(int rows) {
        return Scratch.sizeOf(4 * queryFloats(rows)) + Scratch.sizeOf(4 * keyFloats(rows));
    }

    Raw raw(Scratch parts, int rows) {
        return new Raw(parts.floats(queryFloats(rows)), parts.floats(keyFloats(rows)));
    }

    /** Beside what {@link #backward} is given. */
    long scratchBytes(int rows) {
        return Scratch.sizeOf(4 * queryFloats(rows)) + queries.scratchBytes(rows * spec.heads());
    }

    void forward(Raw raw, CausalAttention.Saved normed, int rows) {
        queries.forward(raw.q, normed.q(), rows * spec.heads());
        keys.forward(raw.k, normed.k(), rows * spec.kvHeads());
    }

    /** dq and dk, of what was normed, become those of what was before. */
    void backward(Raw raw, MemorySegment dq, MemorySegment dk, int rows, Scratch scratch) {
        back(queries, raw.q, dq, rows * spec.heads(), 4 * queryFloats(rows), scratch);
        back(keys, raw.k, dk, rows * spec.kvHeads(), 4 * keyFloats(rows), scratch);
    }

    private static void back(NormGradient norm, MemorySegment x, MemorySegment d, int n, long bytes, Scratch scratch) {
        long mark = scratch.mark();
        MemorySegment of = scratch.take(bytes);
        of.fill((byte) 0);
        norm.backward(x, d, of, n, scratch);
        MemorySegment.copy(of, 0, d, 0, bytes);
        scratch.release(mark);
    }
}
