// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 32 weights as floats of four bits (a sign, two bits of exponent, one of mantissa) under a power of two, of the Open
 * Compute Project's microscaling formats: {@code [exponent:u8][q:u4 x 32]}, weight = 2^(exponent - 128) * twice the small
 * float. Codes lie as in {@link Codes32}. An exponent of 255, which the standard calls NaN, counts on, as in ggml.
 */
final class MXFP4 extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY = new Catalog.Entry<>(
            "mxfp4", "4-bit floats under a power of two, for 32 weights; 4.25 bits per weight", a -> new MXFP4());

    private static final int SIZE = Codes32.SIZE;
    private static final int QUANTS = 1;
    private static final int[] TWICE = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    MXFP4() {
        super("mxfp4", 39, SIZE, QUANTS + SIZE / 2, 0.25); // just below a power of two the largest is cut to 3/4 of it
    }

    /** 2^(exponent - 128), small ones without their leading bit. */
    private static float scale(int exponent) {
        return Float.intBitsToFloat(exponent < 2 ? 0x0020_0000 << exponent : exponent - 1 << 23);
    }

    @Override
    Coder coder() {
        byte[] codes = new byte[SIZE];
        return (x, importance, meanSquare, block, at) -> {
            int exponent = exponent(Math.abs(ScaleSearch.extreme(x, 0, SIZE)));
            float scale = scale(exponent);
            for (int i = 0; i < SIZE; i++) codes[i] = (byte) nearest(x[i], scale);
            block.set(ValueLayout.JAVA_BYTE, at, (byte) exponent);
            Codes32.pack(codes, block, at + QUANTS);
        };
    }

    /** So that the largest magnitude's power of two is the largest small float's. */
    private static int exponent(float largest) {
        if (!(largest > 0)) return 0;
        float log2 = (float) (Math.log(largest) / Math.log(2)); // rounded, as the reference takes it
        return Math.clamp((int) Math.floor(log2) - 2 + 127, 0, 255);
    }

    /** The first code of the least error. */
    private static int nearest(float v, float scale) {
        int best = 0;
        float least = Math.abs(TWICE[0] * scale - v);
        for (int code = 1; code < TWICE.length; code++) {
            float error = Math.abs(TWICE[code] * scale - v);
            if (error < least) {
                best = code;
                least = error;
            }
        }
        return best;
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = scale(block.get(ValueLayout.JAVA_BYTE, at) & 0xFF);
        for (int i = 0; i < SIZE; i++) {
            int code = Codes32.low(block, at + QUANTS, i);
            weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, TWICE[code] * scale);
        }
    }
}
