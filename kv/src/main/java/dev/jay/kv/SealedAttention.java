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
 * at a time unpacked to working space, never all, and turned there where keys are kept unturned; then those of its own
 * group as they were before. Pieces begin at multiples of a constant, and rows of a group lie in one of them, so neither
 * threads nor company nor chunking change an answer. Blocks are (span, some tokens, KV head), each done by one worker.
 * Rows that a codec has rotated stay so: queries of sealed rows are rotated, and what came of them is rotated back before
 * the rest is added.
 */
final class SealedAttention {
    private static final int QUERIES = 256; // of one block, for which a piece is unpacked once

    private final Ops ops;
    private final KvRecipe recipe;
    private final KvStream stream;
    private final Turning turning; // of keys that are kept as they were before; else null
    private final int group; // query heads of a KV head
    private final int recentPiece; // slots
    private final int blockTokens;
    private final Rotations rotations;
    private final SealedRows[] sealed; // by numerics
    private final AttentionKernel[] recent; // by numerics, over f32
    private final AttentionKernel.Task[] tasks; // one a worker, reused
    private final long queryBytes;
    private final long rowBytes;
    private final long partialBytes;
    private final long workerBytes;

    SealedAttention(Ops ops, KvRecipe recipe, KvStream stream, int group, int mostPiece, Turning turning) {
        this.ops = ops;
        this.recipe = recipe;
        this.stream = stream;
        this.group = group;
        this.turning = recipe.keys().wantsUnturned() ? turning : null;
        this.blockTokens = Math.max(1, QUERIES / group);
        this.rotations = new Rotations(recipe, stream);
        this.recentPiece = SealedRows.piece(recipe, mostPiece);
        int queries = blockTokens * group;
        this.tasks = new AttentionKernel.Task[ops.workers()];
        for (int w = 0; w < tasks.length; w++) {
            tasks[w] = KvAttention.newTask(stream, queries, recentPiece);
            tasks[w].pages = new long[1];
        }
        this.sealed = new SealedRows[Numerics.values().length];
        this.recent = new AttentionKernel[sealed.length];
        WeightFormat f32 = WeightFormats.ALL.make("f32");
        long rows = 4L * recentPiece * (stream.keyWidth() + stream.valueWidth());
        long kernelBytes = 0;
        for (Numerics numerics : Numerics.values()) {
            AttentionKernel kernel = ops.attention(f32, f32, stream.keyWidth(), stream.valueWidth(), numerics);
            SealedRows its = new SealedRows(ops, recipe, stream, numerics, mostPiece);
            recent[numerics.ordinal()] = kernel;
            sealed[numerics.ordinal()] = its;
            rows = Math.max(rows, its.bytes());
            AttentionKernel.Task most = KvAttention.newTask(stream, queries, its.slots());
            kernelBytes = Math.max(kernelBytes, Math.max(kernel.scratchBytes(most), its.scratchBytes(most)));
        }
        this.queryBytes = Scratch.sizeOf(4L * queries * stream.keyWidth());
        this.rowBytes = Scratch.sizeOf(rows);
        this.partialBytes = PartialRows.bytes(queries, stream.valueWidth());
        this.workerBytes = queryBytes + rowBytes + partialBytes + Scratch.sizeOf(kernelBytes);
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
            int begin = span.position() + first;
            int end = begin + count;
            boolean isFirst = !attendSealed(block, batch.mask().firstVisible(begin), ownGroup(end - 1));
            copyQueries(block);
            for (int from = ownGroup(begin); from < end; from += recentPiece) {
                attendRecent(block, from, Math.min(from + recentPiece, end), isFirst);
                isFirst = false;
            }
        }

        /** What a block's queries see of sealed slots from one on; false if there are none. */
        private boolean attendSealed(Block block, int seen, int to) {
            SealedRows rows = sealed[batch.numerics().ordinal()];
            int begin = seen / rows.slots() * rows.slots();
            if (begin >= to) return false;
            copyQueries(block);
            rotations.turn(perWorker, block.worker() * workerBytes, block.count() * group);
            long room = perWorker.address() + block.worker() * workerBytes + queryBytes;
            for (int from = begin; from < to; from += rows.slots()) {
                int end = Math.min(from + rows.slots(), to);
                AttentionKernel.Task task = tasks[block.worker()];
                sights(block, task, from, end, true);
                rows.unpack(task, block.span().source(), streamIndex, block.head(), from, end, room, kernelRoom(block));
                long keys = block.worker() * workerBytes + queryBytes;
                if (turning != null) turning.turn(perWorker, keys, stream.keyWidth(), from, end - from);
                attend(block, rows.kernel(), from == begin);
            }
            for (int i = 0; i < block.count() * group; i++) {
                long row = row(block, i / group, i % group);
                rotations.turnBack(batch.out(), row * stream.valueWidth() * Float.BYTES, 1);
            }
            return true;
        }

        private void copyQueries(Block block) {
            long bytes = 4L * group * stream.keyWidth();
            for (int t = 0; t < block.count(); t++) {
                long from = row(block, t, 0) * stream.keyWidth() * 4;
                MemorySegment.copy(batch.queries(), from, perWorker, block.worker() * workerBytes + t * bytes, bytes);
            }
        }

        /** The same of slots [from, to) as they were before they were sealed. */
        private void attendRecent(Block block, int from, int to, boolean isFirst) {
            long keys = block.worker() * workerBytes + queryBytes;
            long values = keys + 4L * recentPiece * stream.keyWidth();
            HeadRows rows = new HeadRows(perWorker, keys, perWorker, values);
            block.span().source().recent(streamIndex, block.head(), from, to, rows);
            if (turning != null) turning.turn(perWorker, keys, stream.keyWidth(), from, to - from);
            AttentionKernel.Task task = tasks[block.worker()];
            sights(block, task, from, to, false);
            task.pages[0] = perWorker.address() + keys;
            task.pageSlots = recentPiece;
            task.keyRowBytes = 4L * stream.keyWidth();
            task.valuesOffset = values - keys;
            task.valueRowBytes = 4L * stream.valueWidth();
            attend(block, recent[batch.numerics().ordinal()], isFirst);
        }

        /** Which of slots [from, to) each of a block's queries sees. */
        private void sights(Block block, AttentionKernel.Task task, int from, int to, boolean sealed) {
            for (int t = 0; t < block.count(); t++) {
                int position = block.span().position() + block.first() + t;
                int mine = ownGroup(position);
                int least = Math.max(batch.mask().firstVisible(position), sealed ? 0 : mine);
                int most = sealed ? mine : position + 1;
                int sees = Math.clamp(least, from, to);
                Arrays.fill(task.visibleFrom, t * group, (t + 1) * group, sees - from);
                Arrays.fill(task.visibleTo, t * group, (t + 1) * group, Math.clamp(most, sees, to) - from);
            }
            task.fromSlot = 0;
            task.toSlot = to - from;
        }

        private long kernelRoom(Block block) {
            return perWorker.address() + block.worker() * workerBytes + queryBytes + rowBytes + partialBytes;
        }

        /** Rows and sights are in the task; what comes of them is added to the answer. */
        private void attend(Block block, AttentionKernel kernel, boolean isFirst) {
            AttentionKernel.Task task = tasks[block.worker()];
            long own = block.worker() * workerBytes;
            MemorySegment bytes = perWorker.asSlice(own + queryBytes + rowBytes, partialBytes);
            PartialRows partial = new PartialRows(bytes, stream.valueWidth(), blockTokens * group, 0);
            task.scale = batch.scale();
            task.softCap = batch.softCap();
            task.queries = block.count() * group;
            task.query = perWorker.address() + own;
            task.out = partial.outAddress();
            task.lse = partial.lseAddress();
            kernel.run(task, kernelRoom(block));
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
