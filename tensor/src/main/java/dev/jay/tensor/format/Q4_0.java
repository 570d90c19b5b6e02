// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 32 weights of four bits under one scale: {@code [scale:f16][q:u4 x 32]}, weight = scale * (q - 8). Byte i holds
 * weight i in its low half and weight 16 + i in its high half. The scale's sign is chosen so that the weight of the
 * largest magnitude is -8.
 */
final class Q4_0 extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q4_0", "4-bit, a scale for 32 weights; 4.5 bits per weight", a -> new Q4_0());

    private static final int SIZE = 32;
    private static final int HALF = SIZE / 2;
    private static final int QUANTS = Short.BYTES;
    private static final int ZERO = 8;

    Q4_0() {
        // a whole step where two extremes have opposite signs: there is no +8
        super("q4_0", 2, SIZE, QUANTS + HALF, 1.0 / ZERO + 0x1p-10);
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
            Codes32.pack(codes, block, at + QUANTS);
        };
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        for (int i = 0; i < HALF; i++) {
            int pair = block.get(ValueLayout.JAVA_BYTE, at + QUANTS + i);
            weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, scale * ((pair & 15) - ZERO));
            weights.set(Floats.LAYOUT, to + (long) (HALF + i) * Float.BYTES, scale * ((pair >> 4 & 15) - ZERO));
        }
    }
}
