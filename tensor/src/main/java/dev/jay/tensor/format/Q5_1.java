// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;

/**
 * 32 weights of five bits between a least value and one above it: {@code [scale:f16][least:f16][fifth bits:u32][q:u4 x 32]}, weight = scale * q + least. Codes lie as in
 * {@link Codes32}.
 */
final class Q5_1 extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q5_1", "5-bit with an offset, for 32 weights; 6 bits per weight", a -> new Q5_1());

    private static final int SIZE = Codes32.SIZE;
    private static final int LEAST = Short.BYTES;
    private static final int FIFTHS = 2 * Short.BYTES;
    private static final int QUANTS = FIFTHS + Integer.BYTES;
    private static final int MOST = 31;

    Q5_1() {
        // half a step of 1/31 of the range, which is at most twice the largest magnitude; and both scales' rounding
        super("q5_1", 7, SIZE, QUANTS + SIZE / 2, 1.0 / MOST + 0x1p-9);
    }

    @Override
    Coder coder() {
        byte[] codes = new byte[SIZE];
        OffsetSearch search = new OffsetSearch(SIZE, OffsetGroups.WEIGHTED);
        return (x, importance, meanSquare, block, at) -> {
            float scale;
            float least;
            if (importance == null) {
                least = OffsetSearch.least(x);
                scale = OffsetSearch.byRange(x, least, MOST, codes);
            } else {
                weigh(x, importance, meanSquare, search.importance);
                search.run(x, 0, MOST, codes);
                scale = search.scale;
                least = -search.offset;
            }
            block.set(Floats.SHORT, at, Halves.toF16(scale));
            block.set(Floats.SHORT, at + LEAST, Halves.toF16(least));
            block.set(Floats.INT, at + FIFTHS, Codes32.fifths(codes));
            Codes32.pack(codes, block, at + QUANTS);
        };
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        float least = Halves.fromF16(block.get(Floats.SHORT, at + LEAST));
        int fifths = block.get(Floats.INT, at + FIFTHS);
        for (int i = 0; i < SIZE; i++) {
            int q = Codes32.low(block, at + QUANTS, i) | (fifths >> i & 1) << 4;
            weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, scale * q + least);
        }
    }
}
