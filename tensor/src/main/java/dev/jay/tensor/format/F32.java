// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;

/** IEEE single precision, one weight to a block. */
final class F32 implements WeightFormat {
    static final Catalog.Entry<WeightFormat> ENTRY = new Catalog.Entry<>("f32", "32-bit float", a -> new F32());

    @Override
    public String name() {
        return "f32";
    }

    @Override
    public int ggmlType() {
        return 0;
    }

    @Override
    public int blockSize() {
        return 1;
    }

    @Override
    public int blockBytes() {
        return Float.BYTES;
    }

    @Override
    public double tolerance() {
        return 0;
    }

    @Override
    public void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at) {
        block.set(Floats.LAYOUT, at, weights.get(Floats.LAYOUT, from));
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        weights.set(Floats.LAYOUT, to, block.get(Floats.LAYOUT, at));
    }

    @Override
    public void encode(MemorySegment weights, long from, long count, MemorySegment to, long at) {
        MemorySegment.copy(weights, from, to, at, count * Float.BYTES);
    }

    @Override
    public void decode(MemorySegment bytes, long at, long count, MemorySegment weights, long to) {
        MemorySegment.copy(bytes, at, weights, to, count * Float.BYTES);
    }
}
