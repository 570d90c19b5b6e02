// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 256 weights of four bits in 8 groups of 32, each with a 6-bit scale s under one block scale:
 * {@code [scale:f16][high bits of s: u2 x 8][low bits of s: u4 x 8][q:u4 x 256]}, weight = scale * (s - 32) * value of
 * {@link UnevenCodes}. Each group's codes lie as in {@link Codes32}.
 */
final class IQ4_XS extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY = new Catalog.Entry<>(
            "iq4_xs", "4-bit codes of uneven values, 8 groups in 256; 4.25 bits per weight", a -> new IQ4_XS());

    private static final int SIZE = 256;
    private static final int GROUP = Codes32.SIZE;
    private static final int GROUPS = SIZE / GROUP;
    private static final int HIGH = Short.BYTES;
    private static final int LOW = HIGH + Short.BYTES;
    private static final int QUANTS = LOW + GROUPS / 2;
    private static final int ZERO = 32;

    IQ4_XS() {
        super("iq4_xs", 23, SIZE, QUANTS + SIZE / 2, 0.15); // as iq4_nl, and the rounding of group scales
    }

    @Override
    Coder coder() {
        byte[] codes = new byte[SIZE];
        float[] w = new float[SIZE];
        float[] scales = new float[GROUPS];
        return (x, importance, meanSquare, block, at) -> {
            UnevenCodes.weigh(x, importance, w);
            for (int g = 0; g < GROUPS; g++) scales[g] = UnevenCodes.scale(x, g * GROUP, GROUP, w, 1);
            float scale = -ScaleSearch.extreme(scales, 0, GROUPS) / ZERO;
            float inverse = scale == 0 ? 0 : 1 / scale;
            int high = 0;
            int low = 0;
            for (int g = 0; g < GROUPS; g++) {
                int s = Math.clamp(ScaleSearch.nearest(inverse * scales[g]), -ZERO, ZERO - 1);
                UnevenCodes.code(x, g * GROUP, GROUP, scale * s, codes); // as it is before it is rounded to 16 bits
                low |= (s + ZERO & 15) << 4 * g;
                high |= s + ZERO >> 4 << 2 * g;
                Codes32.pack(codes, g * GROUP, block, at + QUANTS + (long) g * GROUP / 2);
            }
            block.set(Floats.SHORT, at, Halves.toF16(scale));
            block.set(Floats.SHORT, at + HIGH, (short) high);
            block.set(Floats.INT, at + LOW, low);
        };
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        int high = block.get(Floats.SHORT, at + HIGH);
        for (int g = 0; g < GROUPS; g++) {
            int low = block.get(ValueLayout.JAVA_BYTE, at + LOW + g / 2) >> g % 2 * 4 & 15;
            float s = scale * ((low | (high >> 2 * g & 3) << 4) - ZERO);
            long quants = at + QUANTS + (long) g * GROUP / 2;
            for (int i = 0; i < GROUP; i++) {
                int value = UnevenCodes.value(Codes32.low(block, quants, i));
                weights.set(Floats.LAYOUT, to + (long) (g * GROUP + i) * Float.BYTES, s * value);
            }
        }
    }
}
