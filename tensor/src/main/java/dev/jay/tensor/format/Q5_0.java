// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 32 weights of five bits under one scale: {@code [scale:f16][fifth bits:u32][q:u4 x 32]}, weight = scale * (q - 16).
 * Byte i holds the low bits of weight i in its low half and of weight 16 + i in its high half; bit i of the fifth bits
 * is weight i's. The scale's sign is chosen so that the weight of the largest magnitude is -16.
 */
final class Q5_0 extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q5_0", "5-bit, a scale for 32 weights; 5.5 bits per weight", a -> new Q5_0());

    private static final int SIZE = 32;
    private static final int HALF = SIZE / 2;
    private static final int FIFTHS = Short.BYTES;
    private static final int QUANTS = FIFTHS + Integer.BYTES;
    private static final int ZERO = 16;

    Q5_0() {
        // a whole step where two extremes have opposite signs: there is no +16
        super("q5_0", 6, SIZE, QUANTS + HALF, 1.0 / ZERO + 0x1p-10);
    }

    @Override
    Coder coder() {
        byte[] codes = new byte[SIZE];
        float[] w = new float[SIZE];
        return (x, importance, meanSquare, block, at) -> {
            float scale;
            if (importance == null) {
                scale = ScaleSearch.byExtreme(x, ZERO, codes);
            } else {
                weigh(x, importance, meanSquare, w);
                scale = ScaleSearch.symmetric(x, 0, SIZE, ZERO, codes, w);
            }
            block.set(Floats.SHORT, at, Halves.toF16(scale));
            block.set(Floats.INT, at + FIFTHS, Codes32.fifths(codes));
            Codes32.pack(codes, block, at + QUANTS);
        };
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        int fifths = block.get(Floats.INT, at + FIFTHS);
        for (int i = 0; i < HALF; i++) {
            int pair = block.get(ValueLayout.JAVA_BYTE, at + QUANTS + i);
            int low = pair & 15 | (fifths >> i & 1) << 4;
            int high = pair >> 4 & 15 | (fifths >> HALF + i & 1) << 4;
            weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, scale * (low - ZERO));
            weights.set(Floats.LAYOUT, to + (long) (HALF + i) * Float.BYTES, scale * (high - ZERO));
        }
    }
}
