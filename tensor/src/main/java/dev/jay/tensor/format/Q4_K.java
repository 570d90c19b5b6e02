// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 256 weights of four bits in {@link OffsetGroups}: {@code [header][q:u4 x 256]}. Each 32 bytes of q hold two groups, the
 * first in the low halves.
 */
final class Q4_K extends OffsetGroups {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q4_k", "4-bit with offsets, 8 groups in 256; 4.5 bits per weight", a -> new Q4_K());

    private static final int MOST_CODE = 15;

    Q4_K() {
        // half a step is 1/15 of the range; the rest is the rounding of group scales and clipped extremes
        super("q4_k", 12, HEADER + SIZE / 2, 0.15, MOST_CODE, new OffsetSearch.Tries(-1, 0.1f, 20, false));
    }

    @Override
    void pack(byte[] codes, MemorySegment block, long at) {
        for (int i = 0; i < SIZE / 2; i++) {
            int first = i / GROUP * 2 * GROUP + i % GROUP;
            block.set(ValueLayout.JAVA_BYTE, at + HEADER + i, (byte) (codes[first] | codes[first + GROUP] << 4));
        }
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        for (int g = 0; g < GROUPS; g++) {
            float scale = scale(block, at, g);
            float offset = offset(block, at, g);
            long quants = at + HEADER + (long) (g / 2) * GROUP;
            long out = to + (long) g * GROUP * Float.BYTES;
            for (int i = 0; i < GROUP; i++) {
                int q = block.get(ValueLayout.JAVA_BYTE, quants + i) >> 4 * (g % 2) & 15;
                weights.set(Floats.LAYOUT, out + (long) i * Float.BYTES, scale * q - offset);
            }
        }
    }
}
