// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;

/** IEEE half precision, one weight to a block: {@code [bits:u16]}. The tolerance is that of normal numbers. */
final class F16 implements WeightFormat {
    static final Catalog.Entry<WeightFormat> ENTRY = new Catalog.Entry<>("f16", "16-bit IEEE float", a -> new F16());

    private static final int PIECE = 256; // values that go through arrays: not yet compiled well, these are much faster

    @Override
    public String name() {
        return "f16";
    }

    @Override
    public int ggmlType() {
        return 1;
    }

    @Override
    public int blockSize() {
        return 1;
    }

    @Override
    public int blockBytes() {
        return Short.BYTES;
    }

    @Override
    public double tolerance() {
        return 0x1p-11;
    }

    @Override
    public void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at) {
        block.set(Floats.SHORT, at, Halves.toF16(weights.get(Floats.LAYOUT, from)));
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        weights.set(Floats.LAYOUT, to, Halves.fromF16(block.get(Floats.SHORT, at)));
    }

    @Override
    public void encode(MemorySegment weights, long from, long count, MemorySegment to, long at) {
        float[] some = new float[(int) Math.min(count, PIECE)];
        short[] coded = new short[some.length];
        for (long done = 0; done < count; done += some.length) {
            int n = (int) Math.min(some.length, count - done);
            MemorySegment.copy(weights, Floats.LAYOUT, from + done * Float.BYTES, some, 0, n);
            for (int i = 0; i < n; i++) coded[i] = Halves.toF16(some[i]);
            MemorySegment.copy(coded, 0, to, Floats.SHORT, at + done * Short.BYTES, n);
        }
    }

    @Override
    public void decode(MemorySegment bytes, long at, long count, MemorySegment weights, long to) {
        for (long i = 0; i < count; i++) decodeBlock(bytes, at + i * Short.BYTES, weights, to + i * Float.BYTES);
    }
}
