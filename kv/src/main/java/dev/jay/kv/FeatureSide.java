// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvFeatures;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.UnpackKernel;

/**
 * Values that are features times directions: features are mixed as if they were values, the same for all heads, and what
 * comes of them is multiplied by a head's directions once. Weights sum to one, so the mean is added once.
 */
final class FeatureSide implements SealedSide {
    private final UnpackKernel kernel;
    private final HeadProducts products;
    private final int group;
    private final int queries;
    private final long rowBytes;

    /** @param queries at most, of one call of attention */
    FeatureSide(Ops ops, KvFeatures features, HeadProducts products, WeightFormat rows, int queries) {
        this.kernel = ops.unpack(features.format(), rows);
        this.products = products;
        this.group = features.format().rows();
        this.queries = queries;
        this.rowBytes = rows.bytesFor(products.features());
    }

    /** Whether there are so few that mixing them is no dearer than making values of them first, many queries or few. */
    static boolean areFew(KvFeatures features, int width) {
        return features.format().width() <= 4 * width;
    }

    @Override
    public int width() {
        return products.features();
    }

    @Override
    public long rowBytes() {
        return rowBytes;
    }

    @Override
    public long workBytes(int slots) {
        return Math.max(products.layBytes(), products.packedBytes(queries));
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
        long rows = desk.address(desk.rows());
        slots.unpack(kernel, false, 0, slots.from(), end, group, rows, rowBytes, desk.kernel());
    }

    @Override
    public boolean isMixed() {
        return true;
    }

    @Override
    public void finish(int head, long mixed, int n, long to, Desk desk) {
        long packed = desk.address(desk.work());
        products.pack(mixed, n, packed, desk.kernel());
        products.rows(packed, n, products.laid(head, desk), to, desk.kernel());
    }
}
