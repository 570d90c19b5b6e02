// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvFeatures;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.UnpackKernel;
import dev.jay.tensor.memory.Scratch;

/**
 * Rows that are features times directions: features become f32 and are packed once for all heads; of each head rows are
 * their product with its directions, turned where they are keys, some at a time that stay in the first-level cache.
 */
final class DirectionSide implements SealedSide {
    private static final int BLOCK = 128; // slots

    private final boolean ofKeys;
    private final UnpackKernel kernel;
    private final HeadProducts products;
    private final RowTurns turns;
    private final int group;
    private final int block;
    private final int width;

    /** @param groups slots that are sealed together, of keys and values: a multiple of the codec's */
    DirectionSide(
            Ops ops,
            boolean ofKeys,
            KvFeatures features,
            HeadProducts products,
            RowTurns turns,
            int width,
            int groups) {
        this.ofKeys = ofKeys;
        this.kernel = ops.unpack(features.format(), WeightFormats.ALL.make("f32"));
        this.products = products;
        this.turns = turns;
        this.group = features.format().rows();
        this.block = Math.max(1, BLOCK / groups) * groups;
        this.width = width;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public long rowBytes() {
        return turns.rowBytes();
    }

    /** [a block of features, or of rows][angles][packed features, block after block]. */
    @Override
    public long workBytes(int slots) {
        return packedAt(slots) + Math.ceilDiv(slots, block) * products.packedBytes(block);
    }

    private long anglesAt() {
        long rows = Scratch.sizeOf(4L * block * Math.max(products.features(), width));
        return Math.max(products.layBytes(), rows);
    }

    private long packedAt(int slots) {
        return anglesAt() + turns.angleBytes(slots);
    }

    @Override
    public long kernelBytes() {
        return Math.max(kernel.scratchBytes(), products.kernelBytes());
    }

    @Override
    public long commonBytes() {
        return products.commonBytes();
    }

    @Override
    public void lay(int head, Desk desk) {
        products.lay(head, desk);
    }

    @Override
    public void share(SealedSlots slots, Desk desk) {
        int end = slots.from() + slots.count();
        long features = desk.address(desk.work());
        long packed = desk.address(desk.work() + packedAt(slots.count()));
        for (int from = slots.from(); from < end; from += block) {
            int to = Math.min(end, from + block);
            slots.unpack(kernel, ofKeys, 0, from, to, group, features, 4L * products.features(), desk.kernel());
            products.pack(features, to - from, packed, desk.kernel());
            packed += products.packedBytes(block);
        }
        turns.angles(slots.from(), slots.count(), desk.room(), desk.work() + anglesAt());
    }

    @Override
    public void rows(SealedSlots slots, int head, Desk desk) {
        long laid = products.laid(head, desk);
        long angles = desk.address(desk.work() + anglesAt());
        long packed = desk.address(desk.work() + packedAt(slots.count()));
        long rows = desk.address(desk.rows());
        for (int from = 0; from < slots.count(); from += block) {
            int n = Math.min(slots.count() - from, block);
            long to = rows + from * rowBytes();
            long plain = turns.rounds() ? desk.address(desk.work()) : to;
            products.multiply(packed, n, laid, plain, desk.kernel());
            turns.run(plain, n, products.mean(laid), angles + from * turns.angleRow(), to);
            packed += products.packedBytes(block);
        }
    }
}
