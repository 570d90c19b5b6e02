// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/**
 * Some channels of each row, in a format of as many; of each other channel one value for all rows.
 * {@code [kept: a bit a channel][the others' values: f16][inner]}.
 *
 * @param inner as wide as there are channels kept
 */
public record KeptChannels(GroupFormat inner, int width) implements GroupFormat {
    @Override
    public int rows() {
        return inner.rows();
    }

    @Override
    public int bytes() {
        return innerAt() + inner.bytes();
    }

    public int maskBytes() {
        return Math.ceilDiv(width, 8);
    }

    public int innerAt() {
        return maskBytes() + 2 * (width - inner.width());
    }

    @Override
    public void decode(MemorySegment group, long at, MemorySegment out, long to) {
        int kept = inner.width();
        float[] rest = new float[rows() * kept];
        inner.decode(group, at + innerAt(), MemorySegment.ofArray(rest), 0);
        int k = 0;
        long other = at + maskBytes();
        for (int c = 0; c < width; c++) {
            // A mask that is not of this many channels is taken as far as it goes.
            boolean isKept = (group.get(ValueLayout.JAVA_BYTE, at + c / 8) >> c % 8 & 1) == 1 && k < kept;
            float same = isKept || other >= at + innerAt() ? 0 : Codes.half(group, other);
            for (int t = 0; t < rows(); t++) {
                out.set(Floats.LAYOUT, to + 4L * (t * width + c), isKept ? rest[t * kept + k] : same);
            }
            if (isKept) k++;
            else other += 2;
        }
    }

    @Override
    public void example(Random random, MemorySegment group, long at) {
        GroupFormat.super.example(random, group, at);
        for (int i = 0; i < maskBytes(); i++) group.set(ValueLayout.JAVA_BYTE, at + i, (byte) 0);
        int left = inner.width();
        for (int c = 0; c < width; c++) {
            if (random.nextInt(width - c) >= left) continue;
            byte before = group.get(ValueLayout.JAVA_BYTE, at + c / 8);
            group.set(ValueLayout.JAVA_BYTE, at + c / 8, (byte) (before | 1 << c % 8));
            left--;
        }
        inner.example(random, group, at + innerAt());
    }
}
