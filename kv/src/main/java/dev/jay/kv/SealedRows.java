// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvCodec;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.UnpackKernel;
import dev.jay.tensor.memory.Scratch;

/**
 * Sealed rows of a stream on their way to attention, in one numerics mode: some slots at a time are unpacked to rows that a
 * kernel reads. Where the kernel rounds to bf16 anyway they become bf16, else f32.
 */
final class SealedRows {
    private static final int PIECE = 256; // slots: unpacked they stay in a core's second-level cache
    private static final long FAST_BYTES = 256 << 10; // of unpacked rows: half of such a cache at most, and few pieces

    private final KvRecipe recipe;
    private final int slots;
    private final UnpackKernel[] keys; // by head
    private final UnpackKernel[] values;
    private final AttentionKernel kernel;
    private final long keyRowBytes;
    private final long valueRowBytes;

    SealedRows(Ops ops, KvRecipe recipe, KvStream stream, Numerics numerics, int mostPiece) {
        this.recipe = recipe;
        WeightFormat f32 = WeightFormats.ALL.make("f32");
        WeightFormat bf16 = WeightFormats.ALL.make("bf16");
        AttentionKernel rounding = ops.attention(bf16, bf16, stream.keyWidth(), stream.valueWidth(), numerics);
        boolean rounds = rounding.bound() > 0 && mayRound(recipe.keys()) && mayRound(recipe.values());
        WeightFormat rows = rounds ? bf16 : f32;
        this.kernel = rounds ? rounding : ops.attention(f32, f32, stream.keyWidth(), stream.valueWidth(), numerics);
        this.slots = whole(recipe, Math.min(rounds ? fastPiece(stream) : PIECE, mostPiece));
        this.keys = new UnpackKernel[stream.heads()];
        this.values = new UnpackKernel[stream.heads()];
        for (int h = 0; h < keys.length; h++) {
            keys[h] = ops.unpack(format(recipe.keys(), keys.length, h, stream.keyWidth()), rows);
            values[h] = ops.unpack(format(recipe.values(), keys.length, h, stream.valueWidth()), rows);
        }
        this.keyRowBytes = rows.bytesFor(stream.keyWidth());
        this.valueRowBytes = rows.bytesFor(stream.valueWidth());
    }

    /** How a head's rows lie, alone or among those of all heads. */
    private static GroupFormat format(KvCodec codec, int heads, int head, int width) {
        return codec.joinsHeads() ? codec.format(heads * width, head * width, width) : codec.format(width);
    }

    /** A power of two. */
    private static int fastPiece(KvStream stream) {
        long most = FAST_BYTES / (2L * (stream.keyWidth() + stream.valueWidth()));
        return Math.max(PIECE, Math.toIntExact(Long.highestOneBit(most)));
    }

    /** Slots that f32 rows are worked on at a time. */
    static int piece(KvRecipe recipe, int mostPiece) {
        return whole(recipe, Math.min(PIECE, mostPiece));
    }

    /** In whole groups, one at least. */
    private static int whole(KvRecipe recipe, int slots) {
        return Math.max(1, slots / recipe.group()) * recipe.group();
    }

    /** Rows of f32 stay so, and those that positions turn when they are read. */
    private static boolean mayRound(KvCodec codec) {
        return !codec.wantsUnturned()
                && codec.rowFormat().filter(f -> f.name().equals("f32")).isEmpty();
    }

    /** Slots that are unpacked at a time: a multiple of the group. */
    int slots() {
        return slots;
    }

    AttentionKernel kernel() {
        return kernel;
    }

    /** Of unpacked rows. */
    long bytes() {
        return keyBytes() + Scratch.sizeOf(slots * valueRowBytes);
    }

    private long keyBytes() {
        return Scratch.sizeOf(slots * keyRowBytes);
    }

    /** Bytes of working space for one call of a kernel. */
    long scratchBytes(AttentionKernel.Task most) {
        most.keyRowBytes = keyRowBytes;
        most.valueRowBytes = valueRowBytes;
        return Math.max(kernel.scratchBytes(most), Math.max(keys[0].scratchBytes(), values[0].scratchBytes()));
    }

    /** Unpacks slots [from, to) of a head, whole groups, to {@code room}, and says in the task where they are. */
    void unpack(
            AttentionKernel.Task task,
            KvSource source,
            int stream,
            int head,
            int from,
            int to,
            long room,
            long scratch) {
        PageLayout layout = source.layout(stream);
        int runs = Math.ceilDiv(to, layout.run());
        if (task.pages.length <= runs) task.pages = new long[2 * runs];
        long[] pages = task.pages;
        source.addresses(stream, head, from, to, pages);
        long valueRoom = room + keyBytes();
        for (int slot = from; slot < to; ) {
            int run = slot / layout.run();
            int end = Math.min(to, layout.areGroupsApart() ? slot + layout.group() : (run + 1) * layout.run());
            long key = layout.keyIn(pages[run], head, slot);
            long value = layout.valueIn(pages[run], head, slot);
            boolean isLast = end == to;
            keys[head].run(
                    key,
                    (end - slot) / recipe.keys().group(),
                    isLast ? key : layout.keyIn(pages[end / layout.run()], head, end),
                    room + (slot - from) * keyRowBytes,
                    scratch);
            values[head].run(
                    value,
                    (end - slot) / recipe.values().group(),
                    isLast ? value : layout.valueIn(pages[end / layout.run()], head, end),
                    valueRoom + (slot - from) * valueRowBytes,
                    scratch);
            slot = end;
        }
        pages[0] = room;
        task.pageSlots = slots;
        task.keyRowBytes = keyRowBytes;
        task.valuesOffset = keyBytes();
        task.valueRowBytes = valueRowBytes;
    }
}
