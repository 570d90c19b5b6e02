// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What q4_k and q5_k have in common: 256 weights in 8 groups of 32, each with a 6-bit scale s and a 6-bit offset o under
 * two block scales, {@code [scale:f16][offsetScale:f16][group scales and offsets: u6 x 16]}, weight = scale * s * q -
 * offsetScale * o.
 *
 * <p>Of the 12 bytes b: groups 0 to 3 have s in the low six bits of b[g] and o in those of b[4 + g]; groups 4 to 7 have
 * their low four bits in the halves of b[4 + g] (s low, o high) and their upper two on top of b[g - 4] and b[g].
 */
final class OffsetGroups {
    static final int SIZE = 256;
    static final int GROUP = 32;
    static final int GROUPS = SIZE / GROUP;

    /** Bytes before the weights. */
    static final int HEADER = 16;

    private static final int OFFSET_SCALE = 2;
    private static final int SCALES = 4;
    private static final int MOST_SCALE = 63;

    private OffsetGroups() {}

    static float scale(MemorySegment block, long at, int g) {
        int s = g < 4 ? packed(block, at, g) & 63 : packed(block, at, g + 4) & 15 | packed(block, at, g - 4) >> 6 << 4;
        return Halves.fromF16(block.get(Floats.SHORT, at)) * s;
    }

    static float offset(MemorySegment block, long at, int g) {
        int o = g < 4 ? packed(block, at, g + 4) & 63 : packed(block, at, g + 4) >> 4 | packed(block, at, g) >> 6 << 4;
        return Halves.fromF16(block.get(Floats.SHORT, at + OFFSET_SCALE)) * o;
    }

    private static int packed(MemorySegment block, long at, int i) {
        return block.get(ValueLayout.JAVA_BYTE, at + SCALES + i) & 0xFF;
    }

    /** Scratch of one call, and its result. */
    static final class Encoder {
        /** The weights' codes, once {@link #run}. */
        final byte[] codes = new byte[SIZE];

        private final float[] x = new float[SIZE];
        private final float[] scales = new float[GROUPS];
        private final float[] offsets = new float[GROUPS];
        private final int mostCode;
        private final ScaleSearch.WithOffset search;

        Encoder(int mostCode, ScaleSearch.WithOffset search) {
            this.mostCode = mostCode;
            this.search = search;
        }

        /** Writes the header of the block, and chooses the codes. */
        void run(MemorySegment weights, long from, MemorySegment block, long at) {
            MemorySegment.copy(weights, Floats.LAYOUT, from, x, 0, SIZE);
            float largestScale = 0;
            float largestOffset = 0;
            for (int g = 0; g < GROUPS; g++) {
                search.run(x, g * GROUP, mostCode, codes);
                scales[g] = search.scale;
                offsets[g] = search.offset;
                if (scales[g] > largestScale) largestScale = scales[g];
                if (offsets[g] > largestOffset) largestOffset = offsets[g];
            }
            block.set(Floats.SHORT, at, Halves.toF16(largestScale / MOST_SCALE));
            block.set(Floats.SHORT, at + OFFSET_SCALE, Halves.toF16(largestOffset / MOST_SCALE));
            packGroups(
                    block,
                    at + SCALES,
                    largestScale > 0 ? MOST_SCALE / largestScale : 0,
                    largestOffset > 0 ? MOST_SCALE / largestOffset : 0);
            for (int g = 0; g < GROUPS; g++) recode(block, at, g);
        }

        private void packGroups(MemorySegment block, long at, float inverseScale, float inverseOffset) {
            byte[] bytes = new byte[12];
            for (int g = 0; g < GROUPS; g++) {
                int s = Math.min(MOST_SCALE, ScaleSearch.nearest(inverseScale * scales[g]) & 0xFF);
                int o = Math.min(MOST_SCALE, ScaleSearch.nearest(inverseOffset * offsets[g]) & 0xFF);
                if (g < 4) {
                    bytes[g] = (byte) s;
                    bytes[g + 4] = (byte) o;
                } else {
                    bytes[g + 4] = (byte) (s & 15 | (o & 15) << 4);
                    bytes[g - 4] |= (byte) (s >> 4 << 6);
                    bytes[g] |= (byte) (o >> 4 << 6);
                }
            }
            MemorySegment.copy(bytes, 0, block, ValueLayout.JAVA_BYTE, at, bytes.length);
        }

        /** Chooses the codes again, for the scale and offset as they were stored. */
        private void recode(MemorySegment block, long at, int g) {
            float scale = OffsetGroups.scale(block, at, g);
            if (scale == 0) return;
            float offset = OffsetGroups.offset(block, at, g);
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                codes[i] = (byte) Math.clamp(ScaleSearch.nearest((x[i] + offset) / scale), 0, mostCode);
            }
        }
    }
}
