// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;

/**
 * 32 weights of four bits under one scale, {@code [scale:f16][q:u4 x 32]}, weight = scale * value of {@link UnevenCodes}.
 * Codes lie as in {@link Codes32}.
 */
final class IQ4_NL extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY = new Catalog.Entry<>(
            "iq4_nl", "4-bit codes of uneven values, for 32 weights; 4.5 bits per weight", a -> new IQ4_NL());

    private static final int SIZE = Codes32.SIZE;
    private static final int QUANTS = Short.BYTES;

    IQ4_NL() {
        super(
                "iq4_nl",
                20,
                SIZE,
                QUANTS + SIZE / 2,
                0.15); // half the widest gap is 12/127; the extremes may be clipped
    }

    @Override
    Coder coder() {
        return coder(1);
    }

    /** The least, the middle and the greatest scale that are worth a try: as near as all, for rows of random numbers. */
    @Override
    Coder soonCoder() {
        return coder(UnevenCodes.TRIES);
    }

    private static Coder coder(int step) {
        byte[] codes = new byte[SIZE];
        float[] w = new float[SIZE];
        return (x, importance, meanSquare, block, at) -> {
            UnevenCodes.weigh(x, importance, w);
            float scale = UnevenCodes.scale(x, 0, SIZE, w, step);
            UnevenCodes.code(x, 0, SIZE, scale, codes);
            block.set(Floats.SHORT, at, Halves.toF16(scale));
            Codes32.pack(codes, block, at + QUANTS);
        };
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        for (int i = 0; i < SIZE; i++) {
            int value = UnevenCodes.value(Codes32.low(block, at + QUANTS, i));
            weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, scale * value);
        }
    }
}
