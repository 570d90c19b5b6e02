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

    /**
     * Whether attention that is bound for a recipe, a stream and so many query heads to a KV head can take it.
     *
     * @throws IllegalArgumentException if not
     */
    void check(int streamIndex, KvRecipe recipe, KvStream stream, int group) {
        int n = 0;
        long heads = (long) stream.heads() * group;
        for (Span span : spans) {
            long end = (long) span.position() + span.count();
            if (span.row() != n
                    || span.count() < 1
                    || span.position() < 0
                    || span.source().length(streamIndex) < end) {
                throw new IllegalArgumentException("attention span: row=" + span.row() + ", count=" + span.count()
                        + ", position=" + span.position() + ", wanted row=" + n + " and positions below the length="
                        + span.source().length(streamIndex));
            }
            if (!span.source().recipe(streamIndex).isReadLike(recipe)) {
                throw new IllegalArgumentException("attention was bound for another recipe: bound=" + recipe + ", got="
                        + span.source().recipe(streamIndex));
            }
            n += span.count();
        }
        checkSize("queries", queries, n, heads * stream.keyWidth());
        checkSize("out", out, n, heads * stream.valueWidth());
        if (lse != null) checkSize("lse", lse, n, heads);
        if (queryHeads != heads) {
            throw new IllegalArgumentException("attention was bound for queryHeads=" + heads + ", got=" + queryHeads);
        }
    }

    private static void checkSize(String what, MemorySegment s, int n, long rowFloats) {
        long wanted = n * rowFloats * Float.BYTES;
        if (s.byteSize() < wanted) {
            throw new IllegalArgumentException("attention " + what + " too short: rows=" + n + ", wanted=" + wanted
                    + " bytes, got=" + s.byteSize());
        }
    }
}
