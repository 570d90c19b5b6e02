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
abstract class OffsetGroups extends BlockFormat {
    static final int SIZE = 256;
    static final int GROUP = 32;
    static final int GROUPS = SIZE / GROUP;

    /** Bytes before the weights. */
    static final int HEADER = 16;

    private static final int OFFSET_SCALE = 2;
    private static final int SCALES = 4;
    private static final int MOST_SCALE = 63;
    /** What is tried where importance is known. */
    static final OffsetSearch.Tries WEIGHTED = new OffsetSearch.Tries(-0.9f, 0.05f, 36, false);

    private final int mostCode;
    private final OffsetSearch.Tries tries;

    /** @param tries where importance is unknown */
    OffsetGroups(String name, int ggmlType, int blockBytes, double tolerance, int mostCode, OffsetSearch.Tries tries) {
        super(name, ggmlType, SIZE, blockBytes, tolerance);
        this.mostCode = mostCode;
        this.tries = tries;
    }

    /** Writes the codes of a block behind its header. */
    abstract void pack(byte[] codes, MemorySegment block, long at);

    @Override
    final Coder coder() {
        return new Encoder();
    }

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

    private final class Encoder implements Coder {
        private final byte[] codes = new byte[SIZE];
        private final float[] scales = new float[GROUPS];
        private final float[] offsets = new float[GROUPS];
        private final int[] scaleCodes = new int[GROUPS];
        private final int[] offsetCodes = new int[GROUPS];
        private final OffsetSearch plain = new OffsetSearch(GROUP, tries);
        private final OffsetSearch weighted = new OffsetSearch(GROUP, WEIGHTED);

        @Override
        public void code(float[] x, float[] importance, float meanSquare, MemorySegment block, long at) {
            if (importance == null) chooseGroups(x, block, at);
            else chooseGroups(x, importance, block, at);
            writeGroups(block, at + SCALES);
            for (int g = 0; g < GROUPS; g++) recode(x, block, at, g);
            pack(codes, block, at);
        }

        /** Each weight matters by its magnitude plus that of its group; the largest scale and offset get the largest code. */
        private void chooseGroups(float[] x, MemorySegment block, long at) {
            float largestScale = 0;
            float largestOffset = 0;
            for (int g = 0; g < GROUPS; g++) {
                float squares = 0;
                for (int i = 0; i < GROUP; i++) squares += x[g * GROUP + i] * x[g * GROUP + i];
                float typical = (float) Math.sqrt(squares / GROUP);
                for (int i = 0; i < GROUP; i++) plain.importance[i] = typical + Math.abs(x[g * GROUP + i]);
                search(plain, x, g);
                if (scales[g] > largestScale) largestScale = scales[g];
                if (offsets[g] > largestOffset) largestOffset = offsets[g];
            }
            block.set(Floats.SHORT, at, Halves.toF16(largestScale / MOST_SCALE));
            block.set(Floats.SHORT, at + OFFSET_SCALE, Halves.toF16(largestOffset / MOST_SCALE));
            float inverseScale = largestScale > 0 ? MOST_SCALE / largestScale : 0;
            float inverseOffset = largestOffset > 0 ? MOST_SCALE / largestOffset : 0;
            for (int g = 0; g < GROUPS; g++) {
                scaleCodes[g] = ScaleSearch.nearest(inverseScale * scales[g]) & 0xFF;
                offsetCodes[g] = ScaleSearch.nearest(inverseOffset * offsets[g]) & 0xFF;
            }
        }

        /** As far as a group matters, its scale and offset do when they are coded. */
        private void chooseGroups(float[] x, float[] importance, MemorySegment block, long at) {
            float spread = 2 * sumOfSquares(x) / SIZE;
            float[] w = new float[SIZE];
            weigh(x, importance, spread, w);
            float[] sums = new float[GROUPS];
            for (int g = 0; g < GROUPS; g++) {
                System.arraycopy(w, g * GROUP, weighted.importance, 0, GROUP);
                for (float v : weighted.importance) sums[g] += v;
                search(weighted, x, g);
            }
            block.set(Floats.SHORT, at, Halves.toF16(ScaleSearch.positive(scales, MOST_SCALE, scaleCodes, sums)));
            float offsetScale = ScaleSearch.positive(offsets, MOST_SCALE, offsetCodes, sums);
            block.set(Floats.SHORT, at + OFFSET_SCALE, Halves.toF16(offsetScale));
        }

        private void search(OffsetSearch search, float[] x, int g) {
            search.run(x, g * GROUP, mostCode, codes);
            scales[g] = search.scale;
            offsets[g] = search.offset;
        }

        private void writeGroups(MemorySegment block, long at) {
            byte[] bytes = new byte[12];
            for (int g = 0; g < GROUPS; g++) {
                int s = Math.min(MOST_SCALE, scaleCodes[g]);
                int o = Math.min(MOST_SCALE, offsetCodes[g]);
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
        private void recode(float[] x, MemorySegment block, long at, int g) {
            float scale = OffsetGroups.scale(block, at, g);
            if (scale == 0) return;
            float offset = OffsetGroups.offset(block, at, g);
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                codes[i] = (byte) Math.clamp(ScaleSearch.nearest((x[i] + offset) / scale), 0, mostCode);
            }
        }
    }
}
