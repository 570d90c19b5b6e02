// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;

/**
 * Even levels, a range for each span of channels of one row: {@code value = least + code * step}.
 * {@code [row: [span: step:f16, least:f16][codes]]}.
 *
 * @param bits of a code: 1, 2, 4, 8
 * @param span channels that share a range; divides the width
 */
public record SpanLevels(int bits, int rows, int width, int span) implements GroupFormat {
    /** Bytes of a range. */
    public static final int RANGE = 4;

    public SpanLevels {
        Codes.check(bits);
        if (span < 1 || width % span != 0) {
            throw new IllegalArgumentException("width must be a multiple of span=" + span);
        }
        if (width * bits % 8 != 0) throw new IllegalArgumentException("width * bits must fill bytes: bits=" + bits);
    }

    @Override
    public int bytes() {
        return rows * rowBytes();
    }

    /** Of a row: its ranges, then its codes. */
    public int rowBytes() {
        return rangeBytes() + width * bits / 8;
    }

    /** Of a row. */
    public int rangeBytes() {
        return width / span * RANGE;
    }

    @Override
    public void decode(MemorySegment group, long at, MemorySegment out, long to) {
        for (int t = 0; t < rows; t++) {
            long row = at + (long) t * rowBytes();
            for (int c = 0; c < width; c++) {
                float step = Codes.half(group, row + (long) c / span * RANGE);
                float least = Codes.half(group, row + (long) c / span * RANGE + 2);
                int code = Codes.get(group, row + rangeBytes(), c, bits);
                out.set(Floats.LAYOUT, to + 4L * (t * width + c), least + code * step);
            }
        }
    }
}
