// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.prefill.KvPrefill;
import dev.jay.kv.select.KvSelection;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Looks at the queries of one KV head in a prompt and says what its blocks read. What queries of a stretch's first block
 * spent on a unit is the log-sum-exp that attention leaves when it runs over that unit alone; every {@link #EACH}th query is
 * looked at. One for each worker.
 */
final class PromptLook {
    private static final int EACH = 4;
    private static final int UNIT = KvSelection.UNIT;
    private static final int ROWS = 64; // of means, that a product takes at a time

    private final AttentionKernel[] kernels;
    private final Rotations rotations;
    private final MatMulKernel products;
    private final KvStream stream;
    private final int group;
    private final AttentionKernel.Task task;
    private final float[] row; // queries of a token
    private long[] addresses = {};
    private final long queryBytes;
    private final long outBytes;
    private final long lseBytes;
    private final long kernelBytes;

    PromptLook(AttentionKernel[] kernels, Rotations rotations, MatMulKernel products, KvStream stream, int group) {
        this.kernels = kernels;
        this.rotations = rotations;
        this.products = products;
        this.stream = stream;
        this.group = group;
        int queries = KvPrefill.BLOCK / EACH * group;
        this.task = KvAttention.newTask(stream, queries, UNIT);
        task.pages = new long[1];
        this.row = new float[group * stream.keyWidth()];
        this.queryBytes = Scratch.sizeOf(4L * queries * stream.keyWidth());
        this.outBytes = Scratch.sizeOf(4L * queries * stream.valueWidth());
        this.lseBytes = Scratch.sizeOf(4L * queries);
        long most = 0;
        for (AttentionKernel kernel : kernels) most = Math.max(most, kernel.scratchBytes(task));
        this.kernelBytes = Scratch.sizeOf(most);
    }

    /** Of working space. */
    long scratchBytes() {
        long means = Scratch.sizeOf(4L * row.length)
                + Scratch.sizeOf(4L * group * ROWS)
                + Scratch.sizeOf(products.scratchBytes(stream.keyWidth(), group));
        return Math.max(means, queryBytes + outBytes + lseBytes + kernelBytes);
    }

    /** Says what one KV head of these pieces reads, in their order. */
    void run(
            int streamIndex,
            AttentionBatch batch,
            List<PromptAttention.Piece> pieces,
            int head,
            MemorySegment lse,
            MemorySegment scratch) {
        PromptPatterns patterns = pieces.getFirst().span().source().patterns(streamIndex);
        PromptHead its =
                patterns.heads(stream.heads(), group, stream.keyWidth()).get(head);
        boolean looks = patterns.prefill().looks();
        if (looks) patterns.means().summarise(head);
        int every = patterns.prefill().stretches().every();
        for (PromptAttention.Piece piece : pieces) {
            Span span = piece.span();
            int own = span.position() / UNIT;
            boolean isFirst = patterns.isWhole(span.position());
            boolean begins = span.position() % KvPrefill.BLOCK == 0;
            if (begins && isFirst) its.begin(own, KvPrefill.BLOCK / UNIT);
            if (begins && !isFirst) {
                int first = span.position() / every * every / UNIT;
                its.begin(own, looks ? shares(patterns, its, head, own, batch.scale(), scratch) : new float[0]);
                its.reads(chosen(patterns.prefill(), its, first));
            }
            if (!isFirst) piece.reads()[head] = its.reads();
            if (!looks) continue;
            if (isFirst) spend(streamIndex, batch, span, head, lse, its, scratch);
            add(batch, span, head, its);
            boolean ends = (span.position() + span.count()) % KvPrefill.BLOCK == 0;
            if (isFirst && ends) {
                its.estimated(
                        shares(patterns, its, head, its.count() + KvPrefill.BLOCK / UNIT, batch.scale(), scratch));
            }
        }
    }

    private static int[] chosen(KvPrefill prefill, PromptHead its, int units) {
        boolean[] reads = new boolean[units];
        prefill.choose(its, reads);
        int n = 0;
        int[] chosen = new int[units];
        for (int u = 0; u < units; u++) if (reads[u]) chosen[n++] = u;
        return Arrays.copyOf(chosen, n);
    }

    private void add(AttentionBatch batch, Span span, int head, PromptHead its) {
        for (int t = 0; t < span.count(); t++) {
            MemorySegment.copy(
                    batch.queries(), Floats.LAYOUT, 4 * rowOf(span, t, head) * stream.keyWidth(), row, 0, row.length);
            its.add(row);
        }
    }

    /** The row of [n][queryHeads] of a span's token and the first of the query heads that share a KV head. */
    private long rowOf(Span span, int token, int head) {
        return ((long) (span.row() + token) * stream.heads() + head) * group;
    }

    /** What some of a span's queries spent on each unit up to their own, in the order of queries. */
    private void spend(
            int streamIndex,
            AttentionBatch batch,
            Span span,
            int head,
            MemorySegment lse,
            PromptHead its,
            MemorySegment scratch) {
        int kw = stream.keyWidth();
        int first = Math.floorMod(-span.position(), EACH); // by positions, wherever the span begins
        int tokens = Math.max(0, Math.ceilDiv(span.count() - first, EACH));
        if (tokens == 0) return;
        for (int i = 0; i < tokens; i++) {
            long from = rowOf(span, first + i * EACH, head) * kw;
            MemorySegment.copy(batch.queries(), 4 * from, scratch, 4L * i * group * kw, 4L * group * kw);
        }
        rotations.turn(scratch, 0, tokens * group);
        int end = span.position() + span.count();
        int runs = Math.ceilDiv(end, UNIT);
        if (addresses.length < runs) addresses = new long[2 * runs];
        span.source().addresses(streamIndex, head, 0, end, addresses);
        task.queries = tokens * group;
        task.scale = batch.scale();
        task.softCap = batch.softCap();
        task.query = scratch.address();
        span.source().layout(streamIndex).tell(task);
        task.out = task.query + queryBytes;
        task.lse = task.out + outBytes;
        for (int u = 0; u < runs; u++) {
            task.pages[0] = addresses[u];
            task.toSlot = Math.min(UNIT, end - u * UNIT);
            for (int i = 0; i < tokens; i++) {
                int before = span.position() + first + i * EACH + 1 - u * UNIT;
                int sees = Math.max(0, Math.min(before, task.toSlot));
                Arrays.fill(task.visibleTo, i * group, (i + 1) * group, sees);
            }
            kernels[batch.numerics().ordinal()].run(task, task.lse + lseBytes);
            for (int i = 0; i < tokens * group; i++) {
                float all = Floats.get(lse, rowOf(span, first + i / group * EACH, head) + i % group);
                float part = Floats.get(scratch, (queryBytes + outBytes) / 4 + i);
                its.spend(u, AttentionWeights.exp(Math.min(0, part - all)));
            }
        }
    }

    /** What the mean queries of a block would spend on each of the first so many units if each were its mean key. */
    private float[] shares(
            PromptPatterns patterns, PromptHead its, int head, int units, float scale, MemorySegment scratch) {
        int width = stream.keyWidth();
        float[] means = its.means(KvPrefill.BLOCK);
        MemorySegment.copy(means, 0, scratch, Floats.LAYOUT, 0, means.length);
        long at = Scratch.sizeOf(4L * means.length);
        long y = scratch.address() + at;
        float[][] scores = new float[group][units];
        UnitSummaries of = patterns.means();
        for (int u = 0; u < units; ) {
            int n = Math.min(Math.min(of.perPage() - u % of.perPage(), units - u), ROWS);
            products.run(
                    of.address(head, u),
                    of.rowBytes(),
                    width,
                    0,
                    n,
                    scratch.address(),
                    group,
                    y,
                    ROWS,
                    y + Scratch.sizeOf(4L * group * ROWS));
            for (int g = 0; g < group; g++)
                MemorySegment.copy(scratch, Floats.LAYOUT, at + 4L * g * ROWS, scores[g], u, n);
            u += n;
        }
        float[] mean = new float[units];
        for (float[] ofHead : scores) {
            UnitChooser.share(ofHead, units, scale);
            for (int u = 0; u < units; u++) mean[u] += ofHead[u] / group;
        }
        return mean;
    }
}
