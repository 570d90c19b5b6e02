// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 256 weights of six bits in 16 groups, each with an 8-bit scale under one block scale:
 * {@code [low:u4 x 256][high:u2 x 256][group scales:i8 x 16][scale:f16]}, weight = scale * s * (q - 32).
 *
 * <p>Each half of the block (128 weights) has 64 bytes of low and 32 bytes of high: with i below 32, weights i, 32 + i,
 * 64 + i and 96 + i have their low bits in the low half of low[i], the low half of low[32 + i] and then the high halves
 * of the same two, and their high bits in high[i], lowest first.
 */
final class Q6_K extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q6_k", "6-bit, 16 groups in 256; 6.56 bits per weight", a -> new Q6_K());

    private static final int SIZE = 256;
    private static final int GROUP = 16;
    private static final int GROUPS = SIZE / GROUP;
    private static final int HALF = SIZE / 2;
    private static final int QUARTER = 32; // of a half
    private static final int HIGH = SIZE / 2;
    private static final int SCALES = HIGH + SIZE / 4;
    private static final int SCALE = SCALES + GROUPS;
    private static final int ZERO = 32;

    Q6_K() {
        // +32 does not exist, so an extreme may lose a step of 1/32; the rest is the rounding of scales
        super("q6_k", 14, SIZE, SCALE + Short.BYTES, 0.05);
    }

    @Override
    Coder coder() {
        return new Encoder();
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at + SCALE));
        for (int half = 0; half < 2; half++) {
            for (int group = 0; group < 2; group++) { // of each quarter
                float s0 = scale * groupScale(block, at, half * 8 + group);
                float s1 = scale * groupScale(block, at, half * 8 + group + 2);
                float s2 = scale * groupScale(block, at, half * 8 + group + 4);
                float s3 = scale * groupScale(block, at, half * 8 + group + 6);
                for (int i = group * GROUP; i < (group + 1) * GROUP; i++) {
                    int low0 = block.get(ValueLayout.JAVA_BYTE, at + half * 64L + i);
                    int low1 = block.get(ValueLayout.JAVA_BYTE, at + half * 64L + QUARTER + i);
                    int high = block.get(ValueLayout.JAVA_BYTE, at + HIGH + half * 32L + i);
                    long out = to + (long) (half * HALF + i) * Float.BYTES;
                    weights.set(Floats.LAYOUT, out, s0 * ((low0 & 15 | (high & 3) << 4) - ZERO));
                    weights.set(Floats.LAYOUT, out + 128, s1 * ((low1 & 15 | (high >> 2 & 3) << 4) - ZERO));
                    weights.set(Floats.LAYOUT, out + 256, s2 * ((low0 >> 4 & 15 | (high >> 4 & 3) << 4) - ZERO));
                    weights.set(Floats.LAYOUT, out + 384, s3 * ((low1 >> 4 & 15 | (high >> 6 & 3) << 4) - ZERO));
                }
            }
        }
    }

    private static int groupScale(MemorySegment block, long at, int g) {
        return block.get(ValueLayout.JAVA_BYTE, at + SCALES + g);
    }

    /** Scratch of one call. */
    private static final class Encoder implements Coder {
        private float[] x;
        private final byte[] codes = new byte[SIZE];
        private final float[] scales = new float[GROUPS];

        @Override
        public void code(float[] weights, float[] importance, float meanSquare, MemorySegment block, long at) {
            x = weights;
            float extreme = 0;
            for (int g = 0; g < GROUPS; g++) {
                scales[g] = ScaleSearch.symmetric(x, g * GROUP, GROUP, ZERO, codes, importance);
                if (Math.abs(scales[g]) > Math.abs(extreme)) extreme = scales[g];
            }
            if (Math.abs(extreme) < ScaleSearch.NOTHING) {
                block.asSlice(at, SCALE + Short.BYTES).fill((byte) 0);
                return;
            }
            float inverse = -128 / extreme;
            block.set(Floats.SHORT, at + SCALE, Halves.toF16(1 / inverse));
            for (int g = 0; g < GROUPS; g++) {
                byte s = (byte) Math.min(127, ScaleSearch.nearest(inverse * scales[g]));
                block.set(ValueLayout.JAVA_BYTE, at + SCALES + g, s);
                recode(Halves.fromF16(block.get(Floats.SHORT, at + SCALE)) * s, g);
            }
            pack(block, at);
        }

        /** Chooses the codes again, for the scale as it was stored. */
        private void recode(float scale, int g) {
            if (scale == 0) return;
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                codes[i] = (byte) (Math.clamp(ScaleSearch.nearest(x[i] / scale), -ZERO, ZERO - 1) + ZERO);
            }
        }

        private void pack(MemorySegment block, long at) {
            for (int half = 0; half < 2; half++) {
                for (int i = 0; i < QUARTER; i++) {
                    int first = half * HALF + i;
                    int c0 = codes[first];
                    int c1 = codes[first + QUARTER];
                    int c2 = codes[first + 2 * QUARTER];
                    int c3 = codes[first + 3 * QUARTER];
                    block.set(ValueLayout.JAVA_BYTE, at + half * 64L + i, (byte) (c0 & 15 | (c2 & 15) << 4));
                    block.set(ValueLayout.JAVA_BYTE, at + half * 64L + QUARTER + i, (byte) (c1 & 15 | (c3 & 15) << 4));
                    int high = c0 >> 4 | c1 >> 4 << 2 | c2 >> 4 << 4 | c3 >> 4 << 6;
                    block.set(ValueLayout.JAVA_BYTE, at + HIGH + half * 32L + i, (byte) high);
                }
            }
        }
    }
}
