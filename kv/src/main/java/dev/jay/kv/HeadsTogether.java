// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Fast attention of few tokens of a sequence, all heads at once: a page holds the rows of every head, one head's after the
 * other's, and memory is fastest where they are read in that order. So workers share out the slots, not the heads, and each
 * takes as many slots that lie side by side as it can; where several worked for a token, their partial results are merged.
 */
final class HeadsTogether {
    private final Ops ops;
    private final KvStream stream;
    private final int group;
    private final int most; // queries of a head
    private final int leastSlots;
    private final AttentionKernel kernel;
    private final AttentionKernel.Task[] tasks; // one a worker, reused
    private final Rotations rotations;
    private final long queryBytes;
    private final long partialBytes;
    private final long workerBytes;

    /**
     * @param leastSlots of a piece: fewer are not worth merging
     * @param kernel     for fast numerics
     */
    HeadsTogether(Ops ops, KvRecipe recipe, KvStream stream, int group, int leastSlots, AttentionKernel kernel) {
        this.ops = ops;
        this.stream = stream;
        this.group = group;
        boolean areTogether = !recipe.isByHead() && !recipe.joinsHeads() && !recipe.counts();
        this.most = areTogether ? kernel.queriesTogether() : 0;
        this.leastSlots = leastSlots;
        this.kernel = kernel;
        this.rotations = new Rotations(recipe, stream);
        this.tasks = new AttentionKernel.Task[ops.workers()];
        for (int w = 0; w < tasks.length; w++) {
            tasks[w] = KvAttention.newTask(stream, Math.max(1, most), AttentionKernel.TILE);
            tasks[w].heads = stream.heads();
        }
        this.queryBytes = Scratch.sizeOf((long) rows() * stream.keyWidth() * Float.BYTES);
        this.partialBytes = PartialRows.bytes(rows(), stream.valueWidth());
        this.workerBytes = queryBytes + partialBytes + Scratch.sizeOf(kernel.scratchBytes(tasks[0]));
    }

    /** Queries of a piece, at most. */
    private int rows() {
        return stream.heads() * most;
    }

    /** Bytes that {@link #run} takes from the scratch. */
    long scratchBytes() {
        return most == 0 ? 0 : ops.workers() * (workerBytes + 2 * partialBytes);
    }

    /** Whether a span of a pass is for it. */
    boolean takes(Span span, Numerics numerics) {
        return numerics == Numerics.FAST && span.count() * group <= most;
    }

    /** Those that are, or the others. */
    List<Span> part(List<Span> spans, Numerics numerics, boolean takes) {
        List<Span> part = new ArrayList<>();
        for (Span s : spans) if (takes(s, numerics) == takes) part.add(s);
        return part;
    }

    /**
     * Slots [from, to) for all queries of a span.
     *
     * @param waiting where its results wait to be merged; -1: they are the answer
     */
    private record Piece(Span span, int from, int to, int waiting) {}

    /** @param lse [n][queryHeads] f32, of all rows of the batch */
    void run(int streamIndex, AttentionBatch batch, List<Span> spans, MemorySegment lse) {
        if (most == 0) return;
        MemorySegment perWorker = batch.scratch().take(ops.workers() * workerBytes);
        MemorySegment waiting = batch.scratch().take(2L * ops.workers() * partialBytes);
        if (spans.isEmpty()) return;
        List<Piece> pieces = pieces(streamIndex, batch, spans);
        ops.forEach(pieces.size(), (i, worker) -> {
            MemorySegment own = perWorker.asSlice(worker * workerBytes, workerBytes);
            Piece piece = pieces.get(i);
            boolean isAnswer = piece.waiting < 0;
            MemorySegment to = isAnswer
                    ? own.asSlice(queryBytes, partialBytes)
                    : waiting.asSlice(piece.waiting * partialBytes, partialBytes);
            attend(streamIndex, batch, lse, piece, own, partial(to), worker);
            if (!isAnswer) return;
            int rows = stream.heads() * piece.span.count() * group;
            if (piece.span.count() > 1) {
                for (int r = 0; r < rows; r++) merge(batch, lse, piece.span, partial(to), r, true, true);
            } else { // its rows lie as the answer's, and went there
                rotations.turnBack(batch.out(), row(piece.span, 0) * stream.valueWidth() * Float.BYTES, rows);
            }
        });
        merge(batch, lse, pieces, waiting);
    }

    private PartialRows partial(MemorySegment bytes) {
        return new PartialRows(bytes, stream.valueWidth(), rows(), 0);
    }

    /** As many slots in each as there are for a worker, but for the last of a span. */
    private List<Piece> pieces(int streamIndex, AttentionBatch batch, List<Span> spans) {
        int[] from = new int[spans.size()];
        int[] to = new int[spans.size()];
        long all = 0;
        for (int s = 0; s < spans.size(); s++) {
            Span span = spans.get(s);
            int first = span.position() - forgotten(streamIndex, span);
            int last = first + span.count() - 1;
            int length = span.position() + span.count();
            from[s] = batch.mask().firstVisible(first) / AttentionKernel.TILE * AttentionKernel.TILE;
            to[s] = batch.mask().end(last, length);
            all += to[s] - from[s];
        }
        int run = spans.getFirst().source().layout(streamIndex).run();
        long share = Math.max(leastSlots, Math.ceilDiv(all, (long) ops.workers()));
        int each = Math.toIntExact(Math.ceilDiv(share, (long) run) * run);
        List<Piece> pieces = new ArrayList<>();
        int waiting = 0;
        for (int s = 0; s < spans.size(); s++) {
            boolean isWhole = to[s] - from[s] <= each;
            for (int at = from[s]; at < to[s]; at += each) {
                pieces.add(new Piece(spans.get(s), at, Math.min(to[s], at + each), isWhole ? -1 : waiting++));
            }
        }
        return pieces;
    }

    private static int forgotten(int streamIndex, Span span) {
        return span.source().forgotten(streamIndex, 0); // as many by each head
    }

    /** @param partial where results go, unless they are the answer as they come */
    private void attend(
            int streamIndex,
            AttentionBatch batch,
            MemorySegment lse,
            Piece piece,
            MemorySegment own,
            PartialRows partial,
            int worker) {
        AttentionKernel.Task task = tasks[worker];
        Span span = piece.span;
        int count = span.count() * group;
        task.scale = batch.scale();
        task.softCap = batch.softCap();
        task.queries = count;
        task.query = own.address();
        long rowBytes = 4L * stream.keyWidth();
        int together = span.count() > 1 ? group : stream.heads() * group; // that lie as the batch's do
        for (int r = 0; r < stream.heads() * count; r += together) {
            long from = row(span, r) * rowBytes;
            MemorySegment.copy(batch.queries(), from, own, r * rowBytes, together * rowBytes);
        }
        rotations.turn(own, 0, stream.heads() * count);
        for (int t = 0; t < span.count(); t++) {
            int position = span.position() + t - forgotten(streamIndex, span);
            int from = Math.clamp(batch.mask().firstVisible(position), piece.from, piece.to);
            int to = Math.clamp(batch.mask().end(position, span.position() + span.count()), from, piece.to);
            Arrays.fill(task.visibleFrom, t * group, (t + 1) * group, from);
            Arrays.fill(task.visibleTo, t * group, (t + 1) * group, to);
        }
        PageLayout layout = span.source().layout(streamIndex);
        int runs = Math.ceilDiv(piece.to, layout.run());
        if (task.pages.length < runs) task.pages = new long[Math.max(runs, 2 * task.pages.length)];
        span.source().addresses(streamIndex, 0, piece.from, piece.to, task.pages);
        layout.tell(task);
        task.headBytes = layout.headBytes();
        task.fromSlot = piece.from;
        task.toSlot = piece.to;
        boolean isDirect = piece.waiting < 0 && span.count() == 1;
        task.out = isDirect
                ? batch.out().address() + row(span, 0) * stream.valueWidth() * Float.BYTES
                : partial.outAddress();
        task.lse = isDirect ? lse.address() + row(span, 0) * Float.BYTES : partial.lseAddress();
        kernel.run(task, own.address() + queryBytes + partialBytes);
    }

    /** The row of [n][queryHeads] of row r of a piece, [heads][tokens][group]. */
    private long row(Span span, int r) {
        int head = r / (span.count() * group);
        int token = r / group % span.count();
        return ((long) (span.row() + token) * stream.heads() + head) * group + r % group;
    }

    /** What waits, piece after piece, as many rows at a time as a token and a head have. */
    private void merge(AttentionBatch batch, MemorySegment lse, List<Piece> pieces, MemorySegment waiting) {
        List<List<Piece>> several = new ArrayList<>();
        for (Piece p : pieces) {
            if (p.waiting < 0) continue;
            if (several.isEmpty() || several.getLast().getLast().span != p.span) several.add(new ArrayList<>());
            several.getLast().add(p);
        }
        ops.forEach(several.size() * stream.heads(), (i, _) -> {
            List<Piece> of = several.get(i / stream.heads());
            int rows = of.getFirst().span.count() * group;
            int first = i % stream.heads() * rows;
            for (int p = 0; p < of.size(); p++) {
                PartialRows partial = partial(waiting.asSlice(of.get(p).waiting * partialBytes, partialBytes));
                for (int r = first; r < first + rows; r++) {
                    merge(batch, lse, of.get(p).span, partial, r, p == 0, p == of.size() - 1);
                }
            }
        });
    }

    /** Adds a piece's share to the answer. The first is the answer. */
    private void merge(
            AttentionBatch batch,
            MemorySegment lse,
            Span span,
            PartialRows partial,
            int r,
            boolean isFirst,
            boolean isLast) {
        long row = row(span, r);
        partial.addTo(batch.out(), lse, row, r, isFirst);
        if (isLast) rotations.turnBack(batch.out(), row * stream.valueWidth() * Float.BYTES, 1);
    }
}
