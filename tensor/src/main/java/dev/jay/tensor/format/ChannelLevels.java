// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;

/**
 * Even levels, a range for each channel over the rows of a group: {@code value = least + code * step}.
 * {@code [channel: step:f16, least:f16][row: codes]}.
 *
 * @param bits of a code: 1, 2, 4, 8
 */
public record ChannelLevels(int bits, int rows, int width) implements GroupFormat {
    /** Bytes of a range. */
    public static final int RANGE = 4;

    public ChannelLevels {
        Codes.check(bits);
        if (width * bits % 8 != 0) throw new IllegalArgumentException("width * bits must fill bytes: bits=" + bits);
    }

    @Override
    public int bytes() {
        return width * RANGE + rows * rowBytes();
    }

    /** Of codes. */
    public int rowBytes() {
        return width * bits / 8;
    }

    @Override
    public void decode(MemorySegment group, long at, MemorySegment out, long to) {
        long codes = at + (long) width * RANGE;
        for (int c = 0; c < width; c++) {
            float step = Codes.half(group, at + (long) c * RANGE);
            float least = Codes.half(group, at + (long) c * RANGE + 2);
            for (int t = 0; t < rows; t++) {
                int code = Codes.get(group, codes, t * width + c, bits);
                out.set(Floats.LAYOUT, to + 4L * (t * width + c), least + code * step);
            }
        }
    }
}
