// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import static dev.jay.tensor.format.OffsetGroups.GROUP;
import static dev.jay.tensor.format.OffsetGroups.GROUPS;
import static dev.jay.tensor.format.OffsetGroups.HEADER;
import static dev.jay.tensor.format.OffsetGroups.SIZE;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 256 weights of four bits in {@link OffsetGroups}: {@code [header][q:u4 x 256]}. Each 32 bytes of q hold two groups, the
 * first in the low halves.
 */
final class Q4_K implements WeightFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q4_k", "4-bit with offsets, 8 groups in 256; 4.5 bits per weight", a -> new Q4_K());

    private static final int MOST_CODE = 15;

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
        return HEADER + SIZE / 2;
    }

    @Override
    public double tolerance() {
        return 0.15; // half a step is 1/15 of the range; the rest is the rounding of group scales and clipped extremes
    }

    @Override
    public void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at) {
        encode(encoder(), weights, from, block, at);
    }

    @Override
    public void encode(MemorySegment weights, long from, long count, MemorySegment to, long at) {
        OffsetGroups.Encoder encoder = encoder();
        long blocks = bytesFor(count) / blockBytes();
        for (long b = 0; b < blocks; b++) {
            encode(encoder, weights, from + b * SIZE * Float.BYTES, to, at + b * blockBytes());
        }
    }

    private static OffsetGroups.Encoder encoder() {
        return new OffsetGroups.Encoder(MOST_CODE, new ScaleSearch.WithOffset(GROUP, -1, 20));
    }

    private static void encode(
            OffsetGroups.Encoder encoder, MemorySegment weights, long from, MemorySegment block, long at) {
        encoder.run(weights, from, block, at);
        byte[] codes = encoder.codes;
        for (int i = 0; i < SIZE / 2; i++) {
            int first = i / GROUP * 2 * GROUP + i % GROUP;
            block.set(ValueLayout.JAVA_BYTE, at + HEADER + i, (byte) (codes[first] | codes[first + GROUP] << 4));
        }
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        for (int g = 0; g < GROUPS; g++) {
            float scale = OffsetGroups.scale(block, at, g);
            float offset = OffsetGroups.offset(block, at, g);
            long quants = at + HEADER + (long) (g / 2) * GROUP;
            long out = to + (long) g * GROUP * Float.BYTES;
            for (int i = 0; i < GROUP; i++) {
                int q = block.get(ValueLayout.JAVA_BYTE, quants + i) >> 4 * (g % 2) & 15;
                weights.set(Floats.LAYOUT, out + (long) i * Float.BYTES, scale * q - offset);
            }
        }
    }
}
