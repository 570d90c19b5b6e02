// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.prefill.KvPrefill;
import dev.jay.kv.select.KvSelection;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Attention of a prompt's queries that read only some of what is before them, a block of them together. First each KV head
 * looks at the pass's queries in their order and says what its blocks read ({@link PromptLook}); then every block and head
 * runs over the units that were said, and its own stretch, put one after the other. What a query reads depends on positions,
 * queries and keys alone, so neither steps nor company nor threads change an answer.
 */
final class PromptAttention {
    private static final int UNIT = KvSelection.UNIT;

    private final Ops ops;
    private final KvStream stream;
    private final int group;
    private final AttentionKernel[] kernels; // by numerics
    private final AttentionKernel.Task[] tasks; // one a worker, reused
    private final PromptLook[] looks; // one a worker
    private final Rotations rotations;
    private final long[][] addresses; // of all runs; one a worker
    private final long queryBytes;
    private final long outBytes;
    private final long lseBytes;
    private final long workerBytes;

    PromptAttention(Ops ops, KvRecipe recipe, KvStream stream, int group) {
        this.ops = ops;
        this.stream = stream;
        this.group = group;
        int workers = ops.workers();
        int queries = KvPrefill.BLOCK * group;
        this.tasks = new AttentionKernel.Task[workers];
        this.looks = new PromptLook[workers];
        this.addresses = new long[workers][0];
        this.rotations = new Rotations(recipe, stream);
        WeightFormat keys = recipe.keys().rowFormat().orElseThrow();
        WeightFormat values = recipe.values().rowFormat().orElseThrow();
        this.kernels = new AttentionKernel[Numerics.values().length];
        for (Numerics n : Numerics.values())
            kernels[n.ordinal()] = ops.attention(keys, values, stream.keyWidth(), stream.valueWidth(), n);
        long most = 0;
        for (int w = 0; w < workers; w++) {
            tasks[w] = KvAttention.newTask(stream, queries, UNIT);
            looks[w] = new PromptLook(kernels, rotations, ops.rowProducts(UnitSummaries.format(recipe)), stream, group);
        }
        for (AttentionKernel kernel : kernels) most = Math.max(most, kernel.scratchBytes(tasks[0]));
        this.queryBytes = Scratch.sizeOf(4L * queries * stream.keyWidth());
        this.outBytes = Scratch.sizeOf(4L * queries * stream.valueWidth());
        this.lseBytes = Scratch.sizeOf(4L * queries);
        this.workerBytes = Math.max(queryBytes + outBytes + lseBytes + Scratch.sizeOf(most), looks[0].scratchBytes());
    }

    long scratchBytes() {
        return ops.workers() * workerBytes;
    }

    /** Those of some spans' queries that read everything. */
    static List<Span> whole(int streamIndex, List<Span> spans) {
        List<Span> whole = new ArrayList<>();
        for (Span s : spans) {
            PromptPatterns patterns = s.source().patterns(streamIndex);
            int end = s.position() + s.count();
            for (int at = s.position(); at < end; ) {
                int to = patterns == null ? end : Math.min(end, patterns.nextChange(at));
                if (patterns == null || patterns.isWhole(at))
                    whole.add(new Span(s.source(), s.row() + at - s.position(), to - at, at));
                at = to;
            }
        }
        return whole;
    }

    /** Some queries of one block, and what each KV head of them reads before its stretch: null where they read everything. */
    record Piece(Span span, int[][] reads) {}

    /** The blocks of a span from the second stretch on, up to where every query reads everything. */
    private List<Piece> pieces(int streamIndex, Span s) {
        PromptPatterns patterns = s.source().patterns(streamIndex);
        List<Piece> pieces = new ArrayList<>();
        int end = Math.min(s.position() + s.count(), patterns.end());
        for (int at = Math.max(s.position(), patterns.prefill().stretches().every()); at < end; ) {
            int to = Math.min(end, (at / KvPrefill.BLOCK + 1) * KvPrefill.BLOCK);
            Span part = new Span(s.source(), s.row() + at - s.position(), to - at, at);
            pieces.add(new Piece(part, new int[stream.heads()][]));
            at = to;
        }
        return pieces;
    }

    /** After those that read everything. @param lse [n][queryHeads] f32, of all rows of the batch */
    void run(int streamIndex, AttentionBatch batch, MemorySegment lse) {
        if (batch.mask() != Mask.CAUSAL) {
            throw new IllegalArgumentException("kv prefill= needs attention to all tokens before: " + batch.mask());
        }
        List<List<Piece>> all = new ArrayList<>();
        for (Span s : batch.spans()) {
            if (s.source().patterns(streamIndex) == null) continue;
            List<Piece> pieces = pieces(streamIndex, s);
            if (!pieces.isEmpty()) all.add(pieces);
        }
        MemorySegment perWorker = batch.scratch().take(scratchBytes());
        if (all.isEmpty()) return;
        int heads = stream.heads();
        for (List<Piece> pieces : all) patterns(streamIndex, pieces).heads(heads, group, stream.keyWidth());
        ops.forEach(all.size() * heads, (i, worker) -> {
            List<Piece> pieces = all.get(i / heads);
            MemorySegment own = perWorker.asSlice(worker * workerBytes, workerBytes);
            looks[worker].run(streamIndex, batch, pieces, i % heads, lse, own);
        });
        List<Piece> some = all.stream()
                .flatMap(List::stream)
                .filter(p -> p.reads()[0] != null)
                .toList();
        ops.forEach(some.size() * heads, (i, worker) -> {
            MemorySegment own = perWorker.asSlice(worker * workerBytes, workerBytes);
            // the last ones read most: they come first
            attend(streamIndex, batch, some.get(some.size() - 1 - i / heads), i % heads, lse, own, worker);
        });
    }

    private static PromptPatterns patterns(int streamIndex, List<Piece> pieces) {
        return pieces.getFirst().span().source().patterns(streamIndex);
    }

    private void attend(
            int streamIndex,
            AttentionBatch batch,
            Piece piece,
            int head,
            MemorySegment lse,
            MemorySegment own,
            int worker) {
        Span span = piece.span();
        int kw = stream.keyWidth();
        int[] reads = piece.reads()[head];
        int every = span.source().patterns(streamIndex).prefill().stretches().every();
        int stretch = span.position() / every * every;
        int end = span.position() + span.count();
        AttentionKernel.Task task = tasks[worker];
        int runs = Math.ceilDiv(end, UNIT);
        if (addresses[worker].length < runs) addresses[worker] = new long[2 * runs];
        span.source().addresses(streamIndex, head, 0, end, addresses[worker]);
        int units = reads.length + runs - stretch / UNIT;
        if (task.pages.length < units) task.pages = new long[2 * units];
        for (int u = 0; u < reads.length; u++) task.pages[u] = addresses[worker][reads[u]];
        System.arraycopy(addresses[worker], stretch / UNIT, task.pages, reads.length, runs - stretch / UNIT);
        int before = stretch - reads.length * UNIT; // slot s of the stretch is position s plus so many
        for (int t = 0; t < span.count(); t++) {
            long row = row(span, t, head);
            MemorySegment.copy(batch.queries(), 4 * row * kw, own, 4L * t * group * kw, 4L * group * kw);
            Arrays.fill(task.visibleTo, t * group, (t + 1) * group, span.position() + t + 1 - before);
        }
        rotations.turn(own, 0, span.count() * group);
        task.queries = span.count() * group;
        task.scale = batch.scale();
        task.softCap = batch.softCap();
        task.query = own.address();
        span.source().layout(streamIndex).tell(task);
        task.toSlot = end - before;
        task.out = own.address() + queryBytes;
        task.lse = task.out + outBytes;
        kernels[batch.numerics().ordinal()].run(task, task.lse + lseBytes);
        rotations.turnBack(own, queryBytes, span.count() * group);
        int vw = stream.valueWidth();
        for (int t = 0; t < span.count(); t++) {
            long row = row(span, t, head);
            MemorySegment.copy(own, queryBytes + 4L * t * group * vw, batch.out(), 4 * row * vw, 4L * group * vw);
            MemorySegment.copy(own, queryBytes + outBytes + 4L * t * group, lse, 4 * row, 4L * group);
        }
    }

    /** The row of [n][queryHeads] of a span's token and the first of the query heads that share a KV head. */
    private long row(Span span, int token, int head) {
        return ((long) (span.row() + token) * stream.heads() + head) * group;
    }
}
