// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;

/**
 * Attention over streams whose codecs seal groups. A query sees the tokens of earlier groups as they were sealed, a piece
 * at a time unpacked to working space, never all, and turned there where keys are kept unturned; then those of its own
 * group as they were before. Rows that a codec has rotated stay so: queries of sealed rows are rotated, and what came of
 * them is rotated back before the rest is added. Pieces begin at multiples of a constant, rows of a group lie in one of
 * them, and what comes of them is added up in their order, so neither threads nor company nor chunking change an answer.
 */
final class SealedAttention {
    private static final int QUERIES = 256; // of one block and head, for which a piece is unpacked once
    private static final int PARTIALS = 256; // for each worker: rows of partial results that may wait to be merged

    final Ops ops;
    final KvRecipe recipe;
    final KvStream stream;
    final int group; // query heads of a KV head
    final int together; // heads of a block: all where a codec codes them as one
    final int blockTokens;
    final int recentPiece; // slots
    final Rotations rotations;
    final RowTurns turns; // of rows that are not sealed yet; null: none
    final long queryBytes;
    final long rowBytes;
    final long mixedBytes;
    final long partialBytes;
    final long workerBytes;
    final long commonBytes;
    private final SealedRows[] sealed; // by numerics
    private final AttentionKernel[] recent; // by numerics, over f32
    private final AttentionKernel.Task[] tasks; // one a worker, reused
    private final SealedSlots[] slots; // the same

    SealedAttention(Ops ops, KvRecipe recipe, KvStream stream, int group, int mostPiece, Turning turning) {
        this.ops = ops;
        this.recipe = recipe;
        this.stream = stream;
        this.group = group;
        this.together = recipe.joinsHeads() ? stream.heads() : 1;
        this.blockTokens = Math.max(1, QUERIES / group);
        this.rotations = new Rotations(recipe, stream);
        this.recentPiece = SealedRows.piece(recipe, mostPiece);
        Turning late = recipe.keys().wantsUnturned() ? turning : null;
        WeightFormat f32 = WeightFormats.ALL.make("f32");
        this.turns = late == null ? null : new RowTurns(ops, late, stream.keyWidth(), false, f32);
        int queries = blockTokens * group;
        this.tasks = new AttentionKernel.Task[ops.workers()];
        this.slots = new SealedSlots[tasks.length];
        for (int w = 0; w < tasks.length; w++) {
            tasks[w] = KvAttention.newTask(stream, queries, recentPiece);
            tasks[w].pages = new long[1];
            slots[w] = new SealedSlots();
        }
        this.sealed = new SealedRows[Numerics.values().length];
        this.recent = new AttentionKernel[sealed.length];
        long rows = recentBytes();
        long mixed = 0;
        long common = 0;
        long kernelBytes = 0;
        for (Numerics numerics : Numerics.values()) {
            AttentionKernel kernel = ops.attention(f32, f32, stream.keyWidth(), stream.valueWidth(), numerics);
            SealedRows its = new SealedRows(ops, recipe, stream, numerics, mostPiece, queries, late);
            recent[numerics.ordinal()] = kernel;
            sealed[numerics.ordinal()] = its;
            rows = Math.max(rows, its.bytes());
            mixed = Math.max(mixed, its.mixedBytes(queries));
            common = Math.max(common, its.commonBytes());
            long most = kernel.scratchBytes(KvAttention.newTask(stream, queries, its.slots()));
            kernelBytes = Math.max(kernelBytes, Math.max(most, its.kernelBytes()));
        }
        this.queryBytes = Scratch.sizeOf(4L * queries * stream.keyWidth());
        this.rowBytes = Scratch.sizeOf(rows);
        this.mixedBytes = mixed;
        this.partialBytes = PartialRows.bytes(queries, stream.valueWidth());
        this.workerBytes = queryBytes + rowBytes + mixedBytes + partialBytes + Scratch.sizeOf(kernelBytes);
        this.commonBytes = common;
    }

    /** [keys][values][angles]. */
    private long recentBytes() {
        return recentAnglesAt() + (turns == null ? 0 : turns.angleBytes(recentPiece));
    }

    long recentValuesAt() {
        return Scratch.sizeOf(4L * recentPiece * stream.keyWidth());
    }

    long recentAnglesAt() {
        return recentValuesAt() + Scratch.sizeOf(4L * recentPiece * stream.valueWidth());
    }

    SealedRows sealed(Numerics numerics) {
        return sealed[numerics.ordinal()];
    }

    AttentionKernel recent(Numerics numerics) {
        return recent[numerics.ordinal()];
    }

    AttentionKernel.Task task(int worker) {
        return tasks[worker];
    }

    SealedSlots slots(int worker) {
        return slots[worker];
    }

    /** Rows of partial results that may wait; of one worker none do. */
    int waiting() {
        return ops.workers() == 1 ? 0 : PARTIALS * ops.workers();
    }

    long waitingBytes() {
        return PartialRows.bytes(waiting(), stream.valueWidth());
    }

    int ownGroup(int position) {
        return position / recipe.group() * recipe.group();
    }

    long scratchBytes(int n) {
        return Scratch.sizeOf(4L * n * stream.heads() * group)
                + Scratch.sizeOf(commonBytes + ops.workers() * workerBytes)
                + waitingBytes();
    }

    void run(int streamIndex, AttentionBatch batch) {
        if (batch.mask().end(0, 2) != 1) {
            throw new IllegalArgumentException("kv codecs that seal groups need a causal mask: " + recipe);
        }
        new SealedRun(this, streamIndex, batch).run();
    }
}
