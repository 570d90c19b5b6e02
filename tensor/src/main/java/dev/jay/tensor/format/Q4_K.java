// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 256 weights of four bits in 8 groups, each with a 6-bit scale and a 6-bit offset under two block scales:
 * {@code [scale:f16][offsetScale:f16][group scales and offsets: u6 x 16][q:u4 x 256]}, weight = scale * s * q -
 * offsetScale * o.
 *
 * <p>Of the 12 bytes b: groups 0 to 3 have s in the low six bits of b[g] and o in those of b[4 + g]; groups 4 to 7 have
 * their low four bits in the halves of b[4 + g] (s low, o high) and their upper two on top of b[g - 4] and b[g]. Each 32
 * bytes of q hold two groups, the first in the low halves.
 */
final class Q4_K implements WeightFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q4_k", "4-bit with offsets, 8 groups in 256; 4.5 bits per weight", a -> new Q4_K());

    private static final int SIZE = 256;
    private static final int GROUP = 32;
    private static final int GROUPS = SIZE / GROUP;
    private static final int OFFSET_SCALE = 2;
    private static final int SCALES = 4;
    private static final int QUANTS = 16;
    private static final int MOST_CODE = 15;
    private static final int MOST_SCALE = 63;

    @Override
    public String name() {
        return "q4_k";
    }

    @Override
    public int ggmlType() {
        return 12;
    }

    @Override
    public int blockSize() {
        return SIZE;
    }

    @Override
    public int blockBytes() {
        return QUANTS + SIZE / 2;
    }

    @Override
    public double tolerance() {
        return 0.15; // half a step is 1/15 of the range; the rest is the rounding of group scales and clipped extremes
    }

    @Override
    public void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at) {
        new Encoder().run(weights, from, block, at);
    }

    @Override
    public void encode(MemorySegment weights, long from, long count, MemorySegment to, long at) {
        Encoder encoder = new Encoder();
        long blocks = bytesFor(count) / blockBytes();
        for (long b = 0; b < blocks; b++) {
            encoder.run(weights, from + b * SIZE * Float.BYTES, to, at + b * blockBytes());
        }
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        float offsetScale = Halves.fromF16(block.get(Floats.SHORT, at + OFFSET_SCALE));
        for (int g = 0; g < GROUPS; g += 2) {
            float lowScale = scale * groupScale(block, at, g);
            float lowOffset = offsetScale * groupOffset(block, at, g);
            float highScale = scale * groupScale(block, at, g + 1);
            float highOffset = offsetScale * groupOffset(block, at, g + 1);
            long quants = at + QUANTS + (long) g * (GROUP / 2);
            long out = to + (long) g * GROUP * Float.BYTES;
            for (int i = 0; i < GROUP; i++) {
                int pair = block.get(ValueLayout.JAVA_BYTE, quants + i);
                weights.set(Floats.LAYOUT, out + (long) i * Float.BYTES, lowScale * (pair & 15) - lowOffset);
                weights.set(
                        Floats.LAYOUT,
                        out + (long) (GROUP + i) * Float.BYTES,
                        highScale * (pair >> 4 & 15) - highOffset);
            }
        }
    }

    private static int groupScale(MemorySegment block, long at, int g) {
        if (g < 4) return packed(block, at, g) & 63;
        return packed(block, at, g + 4) & 15 | packed(block, at, g - 4) >> 6 << 4;
    }

    private static int groupOffset(MemorySegment block, long at, int g) {
        if (g < 4) return packed(block, at, g + 4) & 63;
        return packed(block, at, g + 4) >> 4 | packed(block, at, g) >> 6 << 4;
    }

    private static int packed(MemorySegment block, long at, int i) {
        return block.get(ValueLayout.JAVA_BYTE, at + SCALES + i) & 0xFF;
    }

    /** Scratch of one call. */
    private static final class Encoder {
        private final float[] x = new float[SIZE];
        private final byte[] codes = new byte[SIZE];
        private final float[] scales = new float[GROUPS];
        private final float[] offsets = new float[GROUPS];
        private final ScaleSearch.WithOffset search = new ScaleSearch.WithOffset(GROUP);

        void run(MemorySegment weights, long from, MemorySegment block, long at) {
            MemorySegment.copy(weights, Floats.LAYOUT, from, x, 0, SIZE);
            float largestScale = 0;
            float largestOffset = 0;
            for (int g = 0; g < GROUPS; g++) {
                search.run(x, g * GROUP, MOST_CODE, codes);
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
            for (int i = 0; i < SIZE / 2; i++) {
                int first = i / GROUP * 2 * GROUP + i % GROUP;
                block.set(ValueLayout.JAVA_BYTE, at + QUANTS + i, (byte) (codes[first] | codes[first + GROUP] << 4));
            }
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
            float scale = Halves.fromF16(block.get(Floats.SHORT, at)) * groupScale(block, at, g);
            if (scale == 0) return;
            float offset = Halves.fromF16(block.get(Floats.SHORT, at + OFFSET_SCALE)) * groupOffset(block, at, g);
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                codes[i] = (byte) Math.clamp(ScaleSearch.nearest((x[i] + offset) / scale), 0, MOST_CODE);
            }
        }
    }
}
