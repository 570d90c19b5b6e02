// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;

/** The definition: a group's own decoding, then coding of its rows. */
final class ScalarUnpack implements UnpackKernel {
    private final GroupFormat format;
    private final WeightFormat rows;

    ScalarUnpack(GroupFormat format, WeightFormat rows) {
        this.format = format;
        this.rows = rows;
    }

    /** A group's rows as f32. */
    @Override
    public long scratchBytes() {
        return 4L * format.rows() * format.width();
    }

    @Override
    public void run(long groups, int count, long next, long to, long scratch) {
        boolean isPlain = rows.name().equals("f32"); // as they come
        for (int g = 0; g < count; g++) {
            if (isPlain) {
                long there = to + 4L * g * format.rows() * format.width();
                format.decode(Raw.ALL, groups + (long) g * format.bytes(), Raw.ALL, there);
                continue;
            }
            format.decode(Raw.ALL, groups + (long) g * format.bytes(), Raw.ALL, scratch);
            for (int r = 0; r < format.rows(); r++) {
                long row = to + ((long) g * format.rows() + r) * rows.bytesFor(format.width());
                rows.encode(Raw.ALL, scratch + 4L * r * format.width(), format.width(), Raw.ALL, row);
            }
        }
    }
}
