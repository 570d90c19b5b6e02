// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Attention over streams whose codecs seal groups. A query sees the tokens of earlier groups as they were sealed, a piece
 * at a time unsealed to working space, never all, and turned there where keys are kept unturned; then those of its own group as they were before. Pieces begin at
 * multiples of a constant, and rows of a group lie in one of them, so neither threads nor company nor chunking change an
 * answer. Blocks are (span, some tokens, KV head), each done by one worker.
 */
final class SealedAttention {
    private static final int PIECE = 256; // slots: unsealed they stay in a core's second-level cache
    private static final int QUERIES = 256; // of one block, for which a piece is unsealed once

    private final Ops ops;
    private final KvRecipe recipe;
    private final KvStream stream;
    private final Turning turning; // of keys that are kept as they were before; else null
    private final int group; // query heads of a KV head
    private final int piece;
    private final int blockTokens;
    private final AttentionKernel[] kernels; // by numerics
    private final AttentionKernel.Task[] tasks; // one a worker, reused
    private final long queryBytes;
    private final long keyBytes;
    private final long valueBytes;
    private final long partialBytes;
    private final long workerBytes;

    SealedAttention(Ops ops, KvRecipe recipe, KvStream stream, int group, int mostPiece, Turning turning) {
        this.ops = ops;
        this.recipe = recipe;
        this.stream = stream;
        this.group = group;
        this.turning = recipe.keys().wantsUnturned() ? turning : null;
        this.piece = Math.max(recipe.group(), Math.min(PIECE, mostPiece));
        this.blockTokens = Math.max(1, QUERIES / group);
        this.tasks = new AttentionKernel.Task[ops.workers()];
        for (int w = 0; w < tasks.length; w++) tasks[w] = newTask();
        this.kernels = new AttentionKernel[Numerics.values().length];
        long kernelBytes = 0;
        WeightFormat f32 = WeightFormats.ALL.make("f32");
        for (Numerics numerics : Numerics.values()) {
            AttentionKernel kernel = ops.attention(f32, f32, stream.keyWidth(), stream.valueWidth(), numerics);
            kernels[numerics.ordinal()] = kernel;
            kernelBytes = Math.max(kernelBytes, Scratch.sizeOf(kernel.scratchBytes(tasks[0])));
        }
        int queries = blockTokens * group;
        this.queryBytes = Scratch.sizeOf(4L * queries * stream.keyWidth());
        this.keyBytes = Scratch.sizeOf(4L * piece * stream.keyWidth());
        this.valueBytes = Scratch.sizeOf(4L * piece * stream.valueWidth());
        this.partialBytes = PartialRows.bytes(queries, stream.valueWidth());
        this.workerBytes = queryBytes + keyBytes + valueBytes + partialBytes + kernelBytes;
    }

    /** A task as large as any will be: a piece is one page of rows. */
    private AttentionKernel.Task newTask() {
        AttentionKernel.Task task = KvAttention.newTask(stream, blockTokens * group, piece);
        task.pages = new long[1];
        task.pageSlots = piece;
        task.keyRowBytes = 4L * stream.keyWidth();
        task.valueRowBytes = 4L * stream.valueWidth();
        return task;
    }

    long scratchBytes(int n) {
        return Scratch.sizeOf(4L * n * stream.heads() * group) + ops.workers() * workerBytes;
    }

    void run(int streamIndex, AttentionBatch batch) {
        new Running(streamIndex, batch).run();
    }

    /** One call. Blocks are numbered span after span, tokens after tokens, head after head. */
    private final class Running {
        private final int streamIndex;
        private final AttentionBatch batch;
        private final List<Span> spans;
        private final int[] firstBlock; // of each span, and one past the last
        private final MemorySegment lse;
        private final MemorySegment perWorker;

        Running(int streamIndex, AttentionBatch batch) {
            this.streamIndex = streamIndex;
            this.batch = batch;
            this.spans = batch.spans();
            this.firstBlock = new int[spans.size() + 1];
            int n = 0;
            for (int s = 0; s < spans.size(); s++) {
                int count = spans.get(s).count();
                firstBlock[s + 1] = firstBlock[s] + Math.ceilDiv(count, blockTokens) * stream.heads();
                n += count;
                if (batch.mask().end(0, 2) != 1) {
                    throw new IllegalArgumentException("kv codecs that seal groups need a causal mask: " + recipe);
                }
            }
            Scratch scratch = batch.scratch();
            this.lse = batch.lse() != null ? batch.lse() : scratch.floats((long) n * stream.heads() * group);
            this.perWorker = scratch.take(ops.workers() * workerBytes);
        }

        void run() {
            ops.forEach(firstBlock[spans.size()], this::attendBlock);
        }

        private void attendBlock(int b, int worker) {
            int s = 0;
            while (b >= firstBlock[s + 1]) s++;
            Span span = spans.get(s);
            int within = b - firstBlock[s];
            int first = within / stream.heads() * blockTokens;
            int count = Math.min(span.count() - first, blockTokens);
            Block block = new Block(span, within % stream.heads(), first, count, worker);
            copyQueries(block);
            int begin = span.position() + first;
            int end = begin + count;
            int seen = batch.mask().firstVisible(begin);
            int sealed = ownGroup(end - 1);
            boolean isFirst = true;
            for (int from = seen / piece * piece; from < sealed; from += piece) {
                attend(block, from, Math.min(from + piece, sealed), true, isFirst);
                isFirst = false;
            }
            for (int from = ownGroup(begin); from < end; from += piece) {
                attend(block, from, Math.min(from + piece, end), false, isFirst);
                isFirst = false;
            }
        }

        private void copyQueries(Block block) {
            long bytes = 4L * group * stream.keyWidth();
            for (int t = 0; t < block.count(); t++) {
                long from = row(block, t, 0) * stream.keyWidth() * 4;
                MemorySegment.copy(batch.queries(), from, perWorker, block.worker() * workerBytes + t * bytes, bytes);
            }
        }

        /** What a block's queries see of slots [from, to), as sealed or as they were before. */
        private void attend(Block block, int from, int to, boolean sealed, boolean isFirst) {
            long own = block.worker() * workerBytes;
            long keys = own + queryBytes;
            long values = keys + keyBytes;
            KvSource source = block.span().source();
            HeadRows rows = new HeadRows(perWorker, keys, perWorker, values);
            if (sealed) source.coded(streamIndex, block.head(), from, to, rows);
            else source.recent(streamIndex, block.head(), from, to, rows);
            if (turning != null) turning.turn(perWorker, keys, stream.keyWidth(), from, to - from);
            AttentionKernel.Task task = tasks[block.worker()];
            for (int t = 0; t < block.count(); t++) {
                int position = block.span().position() + block.first() + t;
                int mine = ownGroup(position);
                int least = Math.max(batch.mask().firstVisible(position), sealed ? 0 : mine);
                int most = sealed ? mine : position + 1;
                int sees = Math.clamp(least, from, to);
                Arrays.fill(task.visibleFrom, t * group, (t + 1) * group, sees - from);
                Arrays.fill(task.visibleTo, t * group, (t + 1) * group, Math.clamp(most, sees, to) - from);
            }
            PartialRows partial = new PartialRows(
                    perWorker.asSlice(values + valueBytes, partialBytes), stream.valueWidth(), blockTokens * group, 0);
            task.scale = batch.scale();
            task.softCap = batch.softCap();
            task.queries = block.count() * group;
            task.query = perWorker.address() + own;
            task.pages[0] = perWorker.address() + keys;
            task.valuesOffset = values - keys;
            task.fromSlot = 0;
            task.toSlot = to - from;
            task.out = partial.outAddress();
            task.lse = partial.lseAddress();
            long room = perWorker.address() + values + valueBytes + partialBytes;
            kernels[batch.numerics().ordinal()].run(task, room);
            for (int i = 0; i < block.count() * group; i++) {
                partial.addTo(batch.out(), lse, row(block, i / group, i % group), i, isFirst);
            }
        }

        private int ownGroup(int position) {
            return position / recipe.group() * recipe.group();
        }

        /** The row of [n][queryHeads] of a block's token and query head. */
        private long row(Block block, int token, int head) {
            long n = (long) block.span().row() + block.first() + token;
            return (n * stream.heads() + block.head()) * group + head;
        }
    }

    /** Queries of tokens [first, first + count) of a span that share a KV head, and who works on them. */
    private record Block(Span span, int head, int first, int count, int worker) {}
}
