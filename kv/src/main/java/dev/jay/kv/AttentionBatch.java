// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The queries of one layer's attention in one pass, of all sequences in it.
 *
 * @param spans    whose rows are whose; in order, together covering all rows
 * @param queries  q[n][queryHeads][keyWidth] f32
 * @param out      out[n][queryHeads][valueWidth] f32
 * @param lse      log-sum-exp [n][queryHeads] f32, or null if nobody wants it
 * @param softCap  0: none
 * @param numerics EXACT: an answer does not depend on chunking, company or threads; FAST: within the kernel's bound
 */
public record AttentionBatch(
        List<Span> spans,
        MemorySegment queries,
        int queryHeads,
        Mask mask,
        float scale,
        float softCap,
        MemorySegment out,
        MemorySegment lse,
        Numerics numerics,
        Scratch scratch) {
    /** Rows [row, row + count) of the pass are positions [position, position + count) of the sequence of {@code source}. */
    public record Span(KvSource source, int row, int count, int position) {}
}
