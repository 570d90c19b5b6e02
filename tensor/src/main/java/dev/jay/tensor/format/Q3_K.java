// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * 256 weights of three bits in 16 groups of 16, each with a 6-bit scale s under one block scale:
 * {@code [high:u1 x 256][low:u2 x 256][group scales: u6 x 16][scale:f16]}, weight = scale * (s - 32) * (q - 4). Bit b of
 * byte i of high is that of weight 32 * b + i; low lies as in {@link Codes2}.
 *
 * <p>Of the 12 bytes of group scales, byte g below 8 holds the low four bits of groups g and 8 + g, and byte 8 + g the high
 * two of groups g, 4 + g, 8 + g and 12 + g, lowest first.
 */
final class Q3_K extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q3_k", "3-bit, 16 groups in 256; 3.44 bits per weight", a -> new Q3_K());

    private static final int SIZE = 256;
    private static final int GROUP = 16;
    private static final int GROUPS = SIZE / GROUP;
    private static final int HIGH_BYTES = SIZE / 8;
    private static final int LOW = HIGH_BYTES;
    private static final int SCALES = LOW + Codes2.BYTES;
    private static final int SCALE = SCALES + 12;
    private static final int ZERO = 4;
    private static final int SCALE_ZERO = 32;

    Q3_K() {
        // a whole step of 1/4 where two extremes have opposite signs: there is no +4; the rest is rounded scales
        super("q3_k", 11, SIZE, SCALE + Short.BYTES, 0.3);
    }

    @Override
    Coder coder() {
        return new Encoder();
    }

    private static float scale(MemorySegment block, long at, int g) {
        int low = block.get(ValueLayout.JAVA_BYTE, at + SCALES + g % 8) >> g / 8 * 4 & 15;
        int high = block.get(ValueLayout.JAVA_BYTE, at + SCALES + 8 + g % 4) >> g / 4 * 2 & 3;
        return Halves.fromF16(block.get(Floats.SHORT, at + SCALE)) * ((low | high << 4) - SCALE_ZERO);
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        for (int g = 0; g < GROUPS; g++) {
            float scale = scale(block, at, g);
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                int high = block.get(ValueLayout.JAVA_BYTE, at + i % HIGH_BYTES) >> i / HIGH_BYTES & 1;
                int q = Codes2.code(block, at + LOW, i) | high << 2;
                weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, scale * (q - ZERO));
            }
        }
    }

    private static final class Encoder implements Coder {
        private final byte[] codes = new byte[SIZE];
        private final float[] scales = new float[GROUPS];
        private final byte[] scaleCodes = new byte[GROUPS];

        @Override
        public void code(float[] x, float[] importance, float meanSquare, MemorySegment block, long at) {
            float scale = importance == null ? chooseGroups(x) : chooseGroups(x, importance);
            block.set(Floats.SHORT, at + SCALE, Halves.toF16(scale));
            writeScales(block, at + SCALES);
            for (int g = 0; g < GROUPS; g++) recode(x, block, at, g);
            for (int i = 0; i < HIGH_BYTES; i++) {
                int high = 0;
                for (int b = 0; b < 8; b++) high |= (codes[b * HIGH_BYTES + i] >> 2 & 1) << b;
                block.set(ValueLayout.JAVA_BYTE, at + i, (byte) high);
            }
            Codes2.pack(codes, block, at + LOW);
        }

        /** The largest scale gets the code -32. */
        private float chooseGroups(float[] x) {
            for (int g = 0; g < GROUPS; g++) scales[g] = ScaleSearch.refined(x, g * GROUP, GROUP, ZERO, codes);
            float extreme = ScaleSearch.extreme(scales, 0, GROUPS);
            Arrays.fill(scaleCodes, (byte) 0);
            if (extreme == 0) return 0;
            float inverse = -SCALE_ZERO / extreme;
            for (int g = 0; g < GROUPS; g++) {
                int s = Math.clamp(ScaleSearch.nearest(inverse * scales[g]), -SCALE_ZERO, SCALE_ZERO - 1);
                scaleCodes[g] = (byte) (s + SCALE_ZERO);
            }
            return 1 / inverse;
        }

        private float chooseGroups(float[] x, float[] importance) {
            float[] w = new float[SIZE];
            weigh(x, importance, 2 * sumOfSquares(x) / SIZE, w);
            float[] sums = new float[GROUPS];
            for (int g = 0; g < GROUPS; g++) {
                for (int i = g * GROUP; i < (g + 1) * GROUP; i++) sums[g] += w[i];
                scales[g] = ScaleSearch.symmetric(x, g * GROUP, GROUP, ZERO, codes, w);
            }
            return ScaleSearch.symmetric(scales, 0, GROUPS, SCALE_ZERO, scaleCodes, sums);
        }

        private void writeScales(MemorySegment block, long at) {
            byte[] bytes = new byte[12];
            for (int g = 0; g < GROUPS; g++) {
                bytes[g % 8] |= (byte) ((scaleCodes[g] & 15) << g / 8 * 4);
                bytes[8 + g % 4] |= (byte) (scaleCodes[g] >> 4 << g / 4 * 2);
            }
            MemorySegment.copy(bytes, 0, block, ValueLayout.JAVA_BYTE, at, bytes.length);
        }

        /** Chooses the codes again, for the scale as it was stored. */
        private void recode(float[] x, MemorySegment block, long at, int g) {
            float scale = scale(block, at, g);
            if (scale == 0) return;
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                codes[i] = (byte) (Math.clamp(ScaleSearch.nearest(x[i] / scale), -ZERO, ZERO - 1) + ZERO);
            }
        }
    }
}
