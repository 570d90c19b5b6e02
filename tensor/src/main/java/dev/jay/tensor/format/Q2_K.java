// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 256 weights of two bits in 16 groups of 16, each with a 4-bit scale s (low half) and a 4-bit offset o (high half) under
 * two block scales: {@code [group scales and offsets: u8 x 16][q:u2 x 256][scale:f16][offsetScale:f16]}, weight = scale *
 * s * q - offsetScale * o. Codes lie as in {@link Codes2}.
 */
final class Q2_K extends BlockFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q2_k", "2-bit with offsets, 16 groups in 256; 2.63 bits per weight", a -> new Q2_K());

    private static final int SIZE = 256;
    private static final int GROUP = 16;
    private static final int GROUPS = SIZE / GROUP;
    private static final int QUANTS = GROUPS;
    private static final int SCALE = QUANTS + Codes2.BYTES;
    private static final int OFFSET_SCALE = SCALE + Short.BYTES;
    private static final int MOST_CODE = 3;
    private static final int MOST_SCALE = 15;

    Q2_K() {
        // half a step is a third of the largest magnitude where a group's range is twice that; the rest is rounded
        // scales
        super("q2_k", 10, SIZE, OFFSET_SCALE + Short.BYTES, 0.4);
    }

    @Override
    Coder coder() {
        return new Encoder();
    }

    private static int pair(MemorySegment block, long at, int g) {
        return block.get(ValueLayout.JAVA_BYTE, at + g) & 0xFF;
    }

    private static float scale(MemorySegment block, long at, int g) {
        return Halves.fromF16(block.get(Floats.SHORT, at + SCALE)) * (pair(block, at, g) & 15);
    }

    private static float offset(MemorySegment block, long at, int g) {
        return Halves.fromF16(block.get(Floats.SHORT, at + OFFSET_SCALE)) * (pair(block, at, g) >> 4);
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        for (int g = 0; g < GROUPS; g++) {
            float scale = scale(block, at, g);
            float offset = offset(block, at, g);
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                float v = scale * Codes2.code(block, at + QUANTS, i) - offset;
                weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, v);
            }
        }
    }

    private static final class Encoder implements Coder {
        private final byte[] codes = new byte[SIZE];
        private final float[] scales = new float[GROUPS];
        private final float[] offsets = new float[GROUPS];
        private final int[] scaleCodes = new int[GROUPS];
        private final int[] offsetCodes = new int[GROUPS];
        private final OffsetSearch plain = new OffsetSearch(GROUP, new OffsetSearch.Tries(-0.5f, 0.1f, 15, true));
        private final OffsetSearch weighted = new OffsetSearch(GROUP, OffsetGroups.WEIGHTED);

        @Override
        public void code(float[] x, float[] importance, float meanSquare, MemorySegment block, long at) {
            if (importance == null) chooseGroups(x, block, at);
            else chooseGroups(x, importance, block, at);
            for (int g = 0; g < GROUPS; g++) {
                block.set(ValueLayout.JAVA_BYTE, at + g, (byte) (scaleCodes[g] | offsetCodes[g] << 4));
            }
            for (int g = 0; g < GROUPS; g++) recode(x, block, at, g);
            Codes2.pack(codes, block, at + QUANTS);
        }

        /** Each weight matters by its magnitude. */
        private void chooseGroups(float[] x, MemorySegment block, long at) {
            for (int g = 0; g < GROUPS; g++) {
                for (int i = 0; i < GROUP; i++) plain.importance[i] = Math.abs(x[g * GROUP + i]);
                search(plain, x, g);
            }
            block.set(Floats.SHORT, at + SCALE, codeByLargest(scales, scaleCodes));
            block.set(Floats.SHORT, at + OFFSET_SCALE, codeByLargest(offsets, offsetCodes));
        }

        private static short codeByLargest(float[] values, int[] coded) {
            float largest = 0;
            for (float v : values) if (v > largest) largest = v;
            float inverse = largest > 0 ? MOST_SCALE / largest : 0;
            for (int g = 0; g < GROUPS; g++) coded[g] = ScaleSearch.nearest(inverse * values[g]);
            return Halves.toF16(largest / MOST_SCALE);
        }

        private void chooseGroups(float[] x, float[] importance, MemorySegment block, long at) {
            float[] w = new float[SIZE];
            weigh(x, importance, sumOfSquares(x) / SIZE, w);
            float[] sums = new float[GROUPS];
            for (int g = 0; g < GROUPS; g++) {
                System.arraycopy(w, g * GROUP, weighted.importance, 0, GROUP);
                for (float v : weighted.importance) sums[g] += v;
                search(weighted, x, g);
            }
            float scale = ScaleSearch.positive(scales, MOST_SCALE, scaleCodes, sums);
            float offsetScale = ScaleSearch.positive(offsets, MOST_SCALE, offsetCodes, sums);
            block.set(Floats.SHORT, at + SCALE, Halves.toF16(scale));
            block.set(Floats.SHORT, at + OFFSET_SCALE, Halves.toF16(offsetScale));
        }

        private void search(OffsetSearch search, float[] x, int g) {
            search.run(x, g * GROUP, MOST_CODE, codes);
            scales[g] = search.scale;
            offsets[g] = search.offset;
        }

        /** Chooses the codes again, for the scale and offset as they were stored. */
        private void recode(float[] x, MemorySegment block, long at, int g) {
            float scale = scale(block, at, g);
            if (scale == 0) return;
            float offset = offset(block, at, g);
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                codes[i] = (byte) Math.clamp(ScaleSearch.nearest((x[i] + offset) / scale), 0, MOST_CODE);
            }
        }
    }
}
