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
 * Attention over KV sources, bound when a model is built: for a recipe, the shape of a stream, and the query heads that
 * read it. The queries of a pass are cut into blocks, (span, some tokens, KV head); the slots a block sees are cut into
 * pieces at multiples of a constant. A piece gives partial results, which are merged piece after piece. In EXACT where the
 * cuts between pieces fall depends on positions alone, so neither threads nor company nor chunking change an answer. In
 * FAST blocks are larger, and one that no other worker helps with is a single piece.
 */
public final class KvAttention {
    private static final int PIECE = 1024; // slots
    private static final int EXACT_QUERIES = 64; // queries of one call: rows of keys are read once for all of them
    private static final int FAST_QUERIES = 256;
    private static final int ENOUGH_BLOCKS = 4; // for each worker; with fewer, pieces run side by side
    private static final int PARTIALS = 256; // for each worker: rows of partial results that may wait to be merged

    private final Ops ops;
    private final KvRecipe recipe;
    private final KvStream stream;
    private final int group;
    private final int pieceSlots;
    private final Mode exact; // null where groups are sealed
    private final Mode fast;
    private final SealedAttention sealed; // where they are
    private final SelectedAttention selected; // where queries read some only; else null
    private final PromptAttention prompts; // where queries of a prompt do; else null
    private final HeadsTogether together; // of few tokens, fast; null where groups are sealed
    private final Rotations rotations;
    private final Biases biases;

    /** @param queryHeads a multiple of the stream's heads: those that share a KV head lie side by side */
    public KvAttention(Ops ops, KvRecipe recipe, KvStream stream, int queryHeads) {
        this(ops, recipe, stream, queryHeads, null);
    }

    /** @param turning how positions turn keys, where the recipe keeps them as they were before; null: they do not */
    public KvAttention(Ops ops, KvRecipe recipe, KvStream stream, int queryHeads, Turning turning) {
        this(ops, recipe, stream, queryHeads, PIECE, turning);
    }

    /** @param pieceSlots a multiple of {@link AttentionKernel#TILE}; another number gives other bits */
    KvAttention(Ops ops, KvRecipe recipe, KvStream stream, int queryHeads, int pieceSlots, Turning turning) {
        if (queryHeads < 1 || queryHeads % stream.heads() != 0) {
            throw new IllegalArgumentException("attention: query heads must be a multiple of KV heads: queryHeads="
                    + queryHeads + ", kvHeads=" + stream.heads());
        }
        this.ops = ops;
        this.recipe = recipe;
        this.stream = stream;
        this.group = queryHeads / stream.heads();
        this.pieceSlots = pieceSlots;
        boolean seals = recipe.group() > 1;
        this.sealed = seals ? new SealedAttention(ops, recipe, stream, group, pieceSlots, turning) : null;
        this.selected = recipe.selection().isPresent() ? new SelectedAttention(ops, recipe, stream, group) : null;
        this.prompts = recipe.readsLessOfPrompts() ? new PromptAttention(ops, recipe, stream, group) : null;
        this.rotations = new Rotations(recipe, stream);
        this.biases = new Biases(recipe.counts(), pieceSlots);
        this.exact = seals ? null : new Mode(Numerics.EXACT, Math.max(1, EXACT_QUERIES / group));
        this.fast = seals ? null : new Mode(Numerics.FAST, Math.max(1, FAST_QUERIES / group));
        this.together = seals ? null : new HeadsTogether(ops, recipe, stream, group, pieceSlots / 2, fast.kernel);
    }

    /** What one numerics mode runs, and how much of it at once. */
    private final class Mode {
        final int blockTokens;
        final AttentionKernel kernel;
        final AttentionKernel.Task[] tasks; // one a worker, reused
        final long kernelBytes;
        final long queryBytes;
        final long workerBytes;

        Mode(Numerics numerics, int blockTokens) {
            this.blockTokens = blockTokens;
            this.kernel = ops.attention(
                    recipe.keys().rows(), recipe.values().rows(), stream.keyWidth(), stream.valueWidth(), numerics);
            this.tasks = new AttentionKernel.Task[ops.workers()];
            for (int w = 0; w < tasks.length; w++) tasks[w] = newTask(stream, blockTokens * group, pieceSlots);
            this.kernelBytes = Scratch.sizeOf(kernel.scratchBytes(tasks[0]));
            this.queryBytes = Scratch.sizeOf((long) blockTokens * group * stream.keyWidth() * Float.BYTES);
            this.workerBytes = queryBytes + partialBytes(blockTokens * group) + biases.bytes() + kernelBytes;
        }
    }

    /** A task as large as any will be: of so many queries, and of so many slots that all of them see. */
    static AttentionKernel.Task newTask(KvStream stream, int queries, int slots) {
        AttentionKernel.Task task = new AttentionKernel.Task();
        task.keyWidth = stream.keyWidth();
        task.valueWidth = stream.valueWidth();
        task.queries = queries;
        task.queryStride = stream.keyWidth();
        task.outStride = stream.valueWidth();
        task.lseStride = 1;
        task.visibleFrom = new int[task.queries];
        task.visibleTo = new int[task.queries];
        Arrays.fill(task.visibleTo, slots);
        task.toSlot = slots;
        task.pageSlots = AttentionKernel.TILE;
        return task;
    }

    private long partialBytes(int rows) {
        return PartialRows.bytes(rows, stream.valueWidth());
    }

    /** Whether keys are to be appended as they are before positions turn them. */
    public boolean turnsKeys() {
        return recipe.keys().wantsUnturned();
    }

    /** Bytes that {@link #run} takes from the scratch for n rows, if the batch wants no log-sum-exp. */
    public long scratchBytes(int n) {
        if (sealed != null) return sealed.scratchBytes(n);
        return Scratch.sizeOf((long) n * stream.heads() * group * Float.BYTES)
                + ops.workers() * Math.max(exact.workerBytes, fast.workerBytes)
                + partialBytes(PARTIALS * ops.workers())
                + together.scratchBytes()
                + (prompts == null ? 0 : prompts.scratchBytes())
                + (selected == null ? 0 : selected.scratchBytes());
    }

    /** Attends to one stream of each span's source; the spans' own rows have been appended. */
    public void run(int streamIndex, AttentionBatch batch) {
        batch.check(streamIndex, recipe, stream, group);
        long mark = batch.scratch().mark();
        try {
            if (sealed != null) {
                sealed.run(streamIndex, batch);
                show(streamIndex, batch, null);
                return;
            }
            Running running = new Running(streamIndex, batch);
            running.run();
            together.run(streamIndex, batch, running.together, running.lse);
            if (prompts != null) prompts.run(streamIndex, batch, running.lse);
            if (selected != null) selected.run(streamIndex, batch, running.lse);
            show(streamIndex, batch, running.lse);
        } finally {
            batch.scratch().release(mark);
        }
    }

    /** Shows queries to those who want to see what they spent. */
    private void show(int streamIndex, AttentionBatch batch, MemorySegment lse) {
        List<SeenQueries> seen = new ArrayList<>();
        List<KvSource> sources = new ArrayList<>();
        for (Span span : batch.spans()) {
            int end = span.position() + span.count();
            int from = Math.max(span.position(), span.source().watchedFrom(streamIndex, end));
            if (from >= end) continue;
            span.source().beginSeeing(streamIndex);
            sources.add(span.source());
            seen.add(new SeenQueries(
                    batch.queries(),
                    lse,
                    batch.queryHeads(),
                    group,
                    stream.keyWidth(),
                    span.row() + from - span.position(),
                    end - from,
                    from,
                    batch.scale(),
                    batch.softCap()));
        }
        if (seen.isEmpty()) return;
        int heads = stream.heads();
        ops.forEach(
                seen.size() * heads, (i, _) -> sources.get(i / heads).see(streamIndex, i % heads, seen.get(i / heads)));
    }

    /** One call. Blocks are numbered span after span, tokens after tokens, head after head. */
    private final class Running {
        private final int streamIndex;
        private final AttentionBatch batch;
        private final List<Span> spans;
        private final List<Span> together; // and those of few tokens
        private final Mode mode;
        private final int[] firstBlock; // of each span, and one past the last
        private final int maxPieces;
        private final int blockRows; // the most queries of any block
        private final MemorySegment lse;
        private final MemorySegment perWorker;
        private final MemorySegment partials;

        Running(int streamIndex, AttentionBatch batch) {
            this.streamIndex = streamIndex;
            this.batch = batch;
            List<Span> own =
                    selected == null ? batch.spans() : SelectedAttention.part(streamIndex, batch.spans(), false);
            List<Span> whole = prompts == null ? own : PromptAttention.whole(streamIndex, own);
            this.together = KvAttention.this.together.part(whole, batch.numerics(), true);
            this.spans = KvAttention.this.together.part(whole, batch.numerics(), false);
            this.mode = batch.numerics() == Numerics.EXACT ? exact : fast;
            this.firstBlock = new int[spans.size() + 1];
            for (Span span : together) leastForgotten(span);
            int n = 0;
            for (Span span : batch.spans()) n += span.count();
            int pieces = 0;
            int most = 0;
            for (int s = 0; s < spans.size(); s++) {
                Span span = spans.get(s);
                firstBlock[s + 1] = firstBlock[s] + Math.ceilDiv(span.count(), mode.blockTokens) * stream.heads();
                pieces = Math.max(pieces, Math.ceilDiv(lengthOf(span) - leastForgotten(span), pieceSlots));
                most = Math.max(most, Math.min(span.count(), mode.blockTokens));
            }
            this.maxPieces = pieces;
            this.blockRows = most * group;
            Scratch scratch = batch.scratch();
            this.lse = batch.lse() != null ? batch.lse() : scratch.floats((long) n * stream.heads() * group);
            this.perWorker = scratch.take(ops.workers() * Math.max(exact.workerBytes, fast.workerBytes));
            this.partials = scratch.take(partialBytes(PARTIALS * ops.workers()));
        }

        /** By any head. */
        private int leastForgotten(Span span) {
            int least = Integer.MAX_VALUE;
            for (int h = 0; h < stream.heads(); h++) {
                int forgotten = span.source().forgotten(streamIndex, h);
                if (forgotten > 0 && batch.mask() != Mask.CAUSAL) {
                    throw new IllegalArgumentException(
                            "kv evict= needs attention to all tokens before: " + batch.mask());
                }
                least = Math.min(least, forgotten);
            }
            return least;
        }

        void run() {
            int blocks = firstBlock[spans.size()];
            if (blocks == 0) return;
            long waiting = (long) blocks * maxPieces * blockRows;
            boolean sideBySide = maxPieces > 1
                    && blocks < ENOUGH_BLOCKS * ops.workers()
                    && waiting <= (long) PARTIALS * ops.workers();
            if (!sideBySide) {
                ops.forEach(blocks, this::attendBlock);
                return;
            }
            ops.forEach(blocks * maxPieces, (i, worker) -> {
                QueryBlock block = block(i / maxPieces);
                int piece = i % maxPieces;
                if (piece >= block.firstPiece() && piece <= block.lastPiece())
                    attendPiece(block, piece, waiting(i), worker);
            });
            ops.forEach(blocks, (b, worker) -> {
                QueryBlock block = block(b);
                for (int piece = block.firstPiece(); piece <= block.lastPiece(); piece++) {
                    boolean isFirst = piece == block.firstPiece();
                    merge(block, waiting(b * maxPieces + piece), isFirst, piece == block.lastPiece());
                }
            });
        }

        private void attendBlock(int b, int worker) {
            QueryBlock block = block(b);
            MemorySegment own = perWorker.asSlice(
                    worker * mode.workerBytes + mode.queryBytes, partialBytes(mode.blockTokens * group));
            PartialRows partial = new PartialRows(own, stream.valueWidth(), mode.blockTokens * group, 0);
            if (mode == fast && !biases.counts()) {
                attend(block, 0, block.end(), partial, worker);
                merge(block, partial, true, true);
                return;
            }
            for (int piece = block.firstPiece(); piece <= block.lastPiece(); piece++) {
                attendPiece(block, piece, partial, worker);
                merge(block, partial, piece == block.firstPiece(), piece == block.lastPiece());
            }
        }

        private PartialRows waiting(int i) {
            return new PartialRows(partials, stream.valueWidth(), PARTIALS * ops.workers(), i * blockRows);
        }

        private QueryBlock block(int b) {
            int s = 0;
            while (b >= firstBlock[s + 1]) s++;
            int within = b - firstBlock[s];
            int first = within / stream.heads() * mode.blockTokens;
            int count = Math.min(mode.blockTokens, spans.get(s).count() - first);
            int head = within % stream.heads();
            int forgotten = spans.get(s).source().forgotten(streamIndex, head);
            int position = spans.get(s).position() + first - forgotten;
            int firstVisible = batch.mask().firstVisible(position);
            int end = batch.mask().end(position + count - 1, lengthOf(spans.get(s)));
            return new QueryBlock(
                    spans.get(s),
                    head,
                    forgotten,
                    first,
                    count,
                    firstVisible,
                    end,
                    firstVisible / pieceSlots,
                    (end - 1) / pieceSlots);
        }

        private static int lengthOf(Span span) {
            return span.position() + span.count();
        }

        private void attendPiece(QueryBlock block, int piece, PartialRows partial, int worker) {
            int end = (int) Math.min((piece + 1L) * pieceSlots, block.end());
            attend(block, piece * pieceSlots, end, partial, worker);
        }

        /** What a block sees of slots [begin, to), into the partial's rows. */
        private void attend(QueryBlock block, int begin, int to, PartialRows partial, int worker) {
            AttentionKernel.Task task = mode.tasks[worker];
            long scratch = perWorker.address() + worker * mode.workerBytes;
            int from = Math.max(begin, block.firstVisible() / AttentionKernel.TILE * AttentionKernel.TILE);
            task.scale = batch.scale();
            task.softCap = batch.softCap();
            task.queries = block.count() * group;
            task.query = scratch;
            for (int t = 0; t < block.count(); t++) {
                long at = (long) t * group * stream.keyWidth() * Float.BYTES;
                long bytes = (long) group * stream.keyWidth() * Float.BYTES;
                MemorySegment.copy(
                        batch.queries(),
                        row(block, t, 0) * stream.keyWidth() * Float.BYTES,
                        perWorker,
                        worker * mode.workerBytes + at,
                        bytes);
                int position = block.position() + t;
                int sees = Math.clamp(batch.mask().firstVisible(position), from, to);
                Arrays.fill(task.visibleFrom, t * group, (t + 1) * group, sees);
                int end = batch.mask().end(position, lengthOf(block.span()));
                Arrays.fill(task.visibleTo, t * group, (t + 1) * group, Math.clamp(end, sees, to));
            }
            rotations.turn(perWorker, worker * mode.workerBytes, task.queries);
            PageLayout layout = block.span().source().layout(streamIndex);
            int runs = Math.ceilDiv(to, layout.run());
            if (task.pages.length < runs) task.pages = new long[Math.max(runs, 2 * task.pages.length)];
            block.span().source().addresses(streamIndex, block.head(), from, to, task.pages);
            layout.tell(task);
            task.fromSlot = from;
            task.toSlot = to;
            task.out = partial.outAddress();
            task.lse = partial.lseAddress();
            long room = mode.workerBytes - mode.kernelBytes;
            long raised = worker * mode.workerBytes + room - biases.bytes();
            task.bias = biases.of(block.span().source(), streamIndex, block.head(), from, to, perWorker, raised);
            mode.kernel.run(task, scratch + room);
        }

        /** Adds a piece's share to the answer. The first is the answer. */
        private void merge(QueryBlock block, PartialRows partial, boolean isFirst, boolean isLast) {
            for (int i = 0; i < block.count() * group; i++) {
                long row = row(block, i / group, i % group);
                partial.addTo(batch.out(), lse, row, i, isFirst);
                if (isLast) rotations.turnBack(batch.out(), row * stream.valueWidth() * Float.BYTES, 1);
            }
        }

        /** The row of [n][queryHeads] of a block's token and query head. */
        private long row(QueryBlock block, int token, int head) {
            long n = (long) block.span().row() + block.first() + token;
            return (n * stream.heads() + block.head()) * group + head;
        }
    }
}
