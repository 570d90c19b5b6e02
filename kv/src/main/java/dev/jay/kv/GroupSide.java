// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvCodec;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.UnpackKernel;
import dev.jay.tensor.memory.Scratch;

/** Rows whose codec codes each head by itself: its groups become rows, which are turned if they are kept unturned. */
final class GroupSide implements SealedSide {
    private final boolean ofKeys;
    private final UnpackKernel kernel;
    private final RowTurns turns; // null: groups become what attention reads at once
    private final int group;
    private final int width;
    private final long rowBytes;

    /** @param turns null: as they are */
    GroupSide(Ops ops, boolean ofKeys, KvCodec codec, int width, WeightFormat rows, RowTurns turns) {
        this.ofKeys = ofKeys;
        this.kernel = ops.unpack(codec.format(width), turns == null ? rows : WeightFormats.ALL.make("f32"));
        this.turns = turns;
        this.group = codec.group();
        this.width = width;
        this.rowBytes = rows.bytesFor(width);
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public long rowBytes() {
        return rowBytes;
    }

    /** [angles][f32 rows on their way]. */
    @Override
    public long workBytes(int slots) {
        if (turns == null) return 0;
        return turns.angleBytes(slots) + (turns.rounds() ? Scratch.sizeOf(4L * slots * width) : 0);
    }

    @Override
    public long kernelBytes() {
        return kernel.scratchBytes();
    }

    @Override
    public void share(SealedSlots slots, Desk desk) {
        if (turns != null) turns.angles(slots.from(), slots.count(), desk.room(), desk.work());
    }

    @Override
    public void rows(SealedSlots slots, int head, Desk desk) {
        int end = slots.from() + slots.count();
        long rows = desk.address(desk.rows());
        if (turns == null) {
            slots.unpack(kernel, ofKeys, head, slots.from(), end, group, rows, rowBytes, desk.kernel());
            return;
        }
        long angles = desk.address(desk.work());
        long plain = turns.rounds() ? angles + turns.angleBytes(slots.count()) : rows;
        slots.unpack(kernel, ofKeys, head, slots.from(), end, group, plain, 4L * width, desk.kernel());
        turns.run(plain, slots.count(), 0, angles, rows);
    }
}
