// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * One call of {@link SealedAttention}. Blocks are (span, some tokens, KV heads that are coded together), numbered in this
 * order. Where there are few, pieces of one are worked on side by side, and what comes of them waits to be merged.
 */
final class SealedRun {
    private static final int ENOUGH_BLOCKS = 4; // for each worker

    private final SealedAttention with;
    private final SealedRows rows;
    private final int streamIndex;
    private final AttentionBatch batch;
    private final List<Span> spans;
    private final int group;
    private final int width; // of values
    private final int parts; // blocks that the heads of a token are in
    private final int[] firstBlock; // of each span, and one past the last
    private final MemorySegment lse;
    private final MemorySegment room; // [what all read][each worker's]
    private final MemorySegment waiting;
    private int blockRows; // the most queries of any block

    SealedRun(SealedAttention with, int streamIndex, AttentionBatch batch) {
        this.with = with;
        this.rows = with.sealed(batch.numerics());
        this.streamIndex = streamIndex;
        this.batch = batch;
        this.spans = batch.spans();
        this.group = with.group;
        this.width = with.stream.valueWidth();
        this.parts = with.stream.heads() / with.together;
        this.firstBlock = new int[spans.size() + 1];
        int n = 0;
        for (int s = 0; s < spans.size(); s++) {
            int count = spans.get(s).count();
            firstBlock[s + 1] = firstBlock[s] + Math.ceilDiv(count, with.blockTokens) * parts;
            n += count;
            blockRows = Math.max(blockRows, Math.min(count, with.blockTokens) * group * with.together);
        }
        Scratch scratch = batch.scratch();
        this.lse = batch.lse() != null ? batch.lse() : scratch.floats((long) n * with.stream.heads() * group);
        this.room = scratch.take(with.commonBytes + with.ops.workers() * with.workerBytes);
        this.waiting = scratch.take(with.waitingBytes());
    }

    /**
     * Queries of tokens [first, first + count) of a span, of some KV heads from one on.
     *
     * @param from   the first sealed slot that is unpacked
     * @param sealed one past the last that any of them sees
     */
    private record Block(Span span, int head, int first, int count, int from, int sealed) {
        int begin() {
            return span.position() + first;
        }

        int end() {
            return begin() + count;
        }

        int sealedPieces(int slots) {
            return Math.ceilDiv(sealed - from, slots);
        }
    }

    private Block block(int b) {
        int s = 0;
        while (b >= firstBlock[s + 1]) s++;
        Span span = spans.get(s);
        int within = b - firstBlock[s];
        int first = within / parts * with.blockTokens;
        int count = Math.min(span.count() - first, with.blockTokens);
        int begin = span.position() + first;
        int to = with.ownGroup(begin + count - 1);
        int seen = batch.mask().firstVisible(begin) / rows.slots() * rows.slots();
        return new Block(span, within % parts * with.together, first, count, Math.min(seen, to), to);
    }

    private int pieces(Block block) {
        int recent = Math.ceilDiv(block.end() - with.ownGroup(block.begin()), with.recentPiece);
        return block.sealedPieces(rows.slots()) + recent;
    }

    void run() {
        int blocks = firstBlock[spans.size()];
        if (blocks == 0) return;
        int most = 0;
        boolean anySealed = false;
        for (int b = 0; b < blocks; b++) {
            Block block = block(b);
            most = Math.max(most, pieces(block));
            anySealed |= block.sealed() > block.from();
        }
        if (anySealed && rows.commonBytes() > 0) {
            with.ops.forEach(
                    with.stream.heads(), (head, worker) -> desks(worker).lay(head));
        }
        int at = Math.min(most, with.waiting() / blockRows / blocks); // pieces of each block at a time
        if (blocks >= ENOUGH_BLOCKS * with.ops.workers() || most == 1 || blocks * at <= with.ops.workers()) {
            with.ops.forEach(blocks, this::attendBlock);
            return;
        }
        for (int from = 0; from < most; from += at) sideBySide(blocks, from, at);
    }

    /** Some pieces of each block. */
    private void sideBySide(int blocks, int from, int count) {
        with.ops.forEach(blocks * count, (i, worker) -> {
            Block block = block(i / count);
            int piece = from + i % count;
            if (piece < pieces(block)) attend(block, piece, worker, i * blockRows);
        });
        with.ops.forEach(blocks * with.together, (i, _) -> {
            int b = i / with.together;
            int head = i % with.together;
            Block block = block(b);
            for (int piece = from; piece < Math.min(from + count, pieces(block)); piece++) {
                int row = (b * count + piece - from) * blockRows + head * block.count() * group;
                merge(block, head, waiting(row), piece == 0);
            }
        });
    }

    private void attendBlock(int b, int worker) {
        Block block = block(b);
        for (int piece = 0; piece < pieces(block); piece++) attend(block, piece, worker, -1);
    }

    private PartialRows waiting(int row) {
        return new PartialRows(waiting, width, with.waiting(), row);
    }

    private long own(int worker) {
        return with.commonBytes + worker * with.workerBytes;
    }

    private long kernelRoom(int worker) {
        return room.address() + own(worker) + with.queryBytes + with.rowBytes + with.mixedBytes + with.partialBytes;
    }

    private SealedRows.Desks desks(int worker) {
        return rows.new Desks(room, 0, own(worker) + with.queryBytes, kernelRoom(worker));
    }

    /** One piece of what a block sees. What comes of it waits from a row on; or is added at once, if that is below 0. */
    private void attend(Block block, int piece, int worker, int row) {
        boolean isSealed = piece < block.sealedPieces(rows.slots());
        int from = isSealed
                ? block.from() + piece * rows.slots()
                : with.ownGroup(block.begin()) + (piece - block.sealedPieces(rows.slots())) * with.recentPiece;
        int to = isSealed
                ? Math.min(from + rows.slots(), block.sealed())
                : Math.min(from + with.recentPiece, block.end());
        sights(block, with.task(worker), from, to, isSealed);
        SealedRows.Desks desks = desks(worker);
        if (isSealed) {
            with.slots(worker).tell(block.span().source(), streamIndex, block.head(), from, to);
            desks.share(with.slots(worker));
        } else if (with.turns != null) {
            long angles = own(worker) + with.queryBytes + with.recentAnglesAt();
            with.turns.angles(from, to - from, room, angles);
        }
        for (int h = 0; h < with.together; h++) {
            PartialRows partial = row < 0 ? ownPartial(worker) : waiting(row + h * block.count() * group);
            copyQueries(block, h, worker);
            if (isSealed) attendSealed(block, h, worker, desks, partial);
            else attendRecent(block, h, from, to, worker, partial);
            if (row < 0) merge(block, h, partial, piece == 0);
        }
    }

    private PartialRows ownPartial(int worker) {
        long at = own(worker) + with.queryBytes + with.rowBytes + with.mixedBytes;
        return new PartialRows(room.asSlice(at, with.partialBytes), width, with.blockTokens * group, 0);
    }

    private void copyQueries(Block block, int head, int worker) {
        long bytes = 4L * group * with.stream.keyWidth();
        for (int t = 0; t < block.count(); t++) {
            long from = row(block, head, t, 0) * with.stream.keyWidth() * 4;
            MemorySegment.copy(batch.queries(), from, room, own(worker) + t * bytes, bytes);
        }
    }

    private void attendSealed(Block block, int head, int worker, SealedRows.Desks desks, PartialRows partial) {
        AttentionKernel.Task task = task(block, worker, partial);
        with.rotations.turn(room, own(worker), task.queries);
        long mixed = room.address() + own(worker) + with.queryBytes + with.rowBytes;
        desks.attend(with.slots(worker), block.head() + head, task, mixed, partial.outAddress());
        partial.turnBack(with.rotations, task.queries);
    }

    /** The same of slots [from, to) as they were before they were sealed. */
    private void attendRecent(Block block, int head, int from, int to, int worker, PartialRows partial) {
        long keys = own(worker) + with.queryBytes;
        long values = keys + with.recentValuesAt();
        long angles = keys + with.recentAnglesAt();
        HeadRows recent = new HeadRows(room, keys, room, values);
        block.span().source().recent(streamIndex, block.head() + head, from, to, recent);
        long base = room.address();
        if (with.turns != null) with.turns.run(base + keys, to - from, 0, base + angles, base + keys);
        AttentionKernel.Task task = task(block, worker, partial);
        task.pages[0] = base + keys;
        task.pageSlots = with.recentPiece;
        task.keyRowBytes = 4L * with.stream.keyWidth();
        task.valuesOffset = values - keys;
        task.valueRowBytes = 4L * width;
        task.valueWidth = width;
        task.outStride = width;
        with.recent(batch.numerics()).run(task, kernelRoom(worker));
    }

    /** What all calls have in common. */
    private AttentionKernel.Task task(Block block, int worker, PartialRows partial) {
        AttentionKernel.Task task = with.task(worker);
        task.scale = batch.scale();
        task.softCap = batch.softCap();
        task.queries = block.count() * group;
        task.query = room.address() + own(worker);
        task.out = partial.outAddress();
        task.lse = partial.lseAddress();
        return task;
    }

    /** Which of slots [from, to) each of a block's queries sees. */
    private void sights(Block block, AttentionKernel.Task task, int from, int to, boolean isSealed) {
        for (int t = 0; t < block.count(); t++) {
            int position = block.begin() + t;
            int mine = with.ownGroup(position);
            int least = Math.max(batch.mask().firstVisible(position), isSealed ? 0 : mine);
            int most = isSealed ? mine : position + 1;
            int sees = Math.clamp(least, from, to);
            Arrays.fill(task.visibleFrom, t * group, (t + 1) * group, sees - from);
            Arrays.fill(task.visibleTo, t * group, (t + 1) * group, Math.clamp(most, sees, to) - from);
        }
        task.fromSlot = 0;
        task.toSlot = to - from;
    }

    /** Adds what came of a piece to the answer. The first is the answer. */
    private void merge(Block block, int head, PartialRows partial, boolean isFirst) {
        for (int i = 0; i < block.count() * group; i++) {
            partial.addTo(batch.out(), lse, row(block, head, i / group, i % group), i, isFirst);
        }
    }

    /** The row of [n][queryHeads] of a block's head and token, and of a query head of these. */
    private long row(Block block, int head, int token, int query) {
        long n = (long) block.span().row() + block.first() + token;
        return (n * with.stream.heads() + block.head() + head) * group + query;
    }
}
