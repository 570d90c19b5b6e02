// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 256 weights of five bits in {@link OffsetGroups}: {@code [header][high:u1 x 256][low:u4 x 256]}. Bit g of byte i of high
 * is that of the i-th weight of group g; each 32 bytes of low hold two groups, the first in the low halves.
 */
final class Q5_K extends OffsetGroups {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q5_k", "5-bit with offsets, 8 groups in 256; 5.5 bits per weight", a -> new Q5_K());

    private static final int MOST_CODE = 31;
    private static final int LOW = HEADER + SIZE / 8;

    Q5_K() {
        // half a step is 1/31 of the range; the rest is the rounding of group scales and clipped extremes
        super("q5_k", 13, LOW + SIZE / 2, 0.08, MOST_CODE, new OffsetSearch.Tries(-0.5f, 0.1f, 15, false));
    }

    @Override
    void pack(byte[] codes, MemorySegment block, long at) {
        for (int i = 0; i < GROUP; i++) {
            int high = 0;
            for (int g = 0; g < GROUPS; g++) high |= codes[g * GROUP + i] >> 4 << g;
            block.set(ValueLayout.JAVA_BYTE, at + HEADER + i, (byte) high);
        }
        for (int i = 0; i < SIZE / 2; i++) {
            int first = i / GROUP * 2 * GROUP + i % GROUP;
            int low = codes[first] & 15 | (codes[first + GROUP] & 15) << 4;
            block.set(ValueLayout.JAVA_BYTE, at + LOW + i, (byte) low);
        }
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        for (int g = 0; g < GROUPS; g++) {
            float scale = scale(block, at, g);
            float offset = offset(block, at, g);
            long low = at + LOW + (long) (g / 2) * GROUP;
            long out = to + (long) g * GROUP * Float.BYTES;
            for (int i = 0; i < GROUP; i++) {
                int high = block.get(ValueLayout.JAVA_BYTE, at + HEADER + i) >> g & 1;
                int q = block.get(ValueLayout.JAVA_BYTE, low + i) >> 4 * (g % 2) & 15 | high << 4;
                weights.set(Floats.LAYOUT, out + (long) i * Float.BYTES, scale * q - offset);
            }
        }
    }
}
