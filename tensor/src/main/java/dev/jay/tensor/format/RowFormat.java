// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Rows one after the other, each by itself in a weight format. */
public record RowFormat(WeightFormat format, int rows, int width) implements GroupFormat {
    @Override
    public int bytes() {
        return rows * rowBytes();
    }

    public int rowBytes() {
        return Math.toIntExact(format.bytesFor(width));
    }

    @Override
    public void decode(MemorySegment group, long at, MemorySegment out, long to) {
        format.decode(group, at, (long) rows * width, out, to);
    }

    @Override
    public void example(Random random, MemorySegment group, long at) {
        float[] all = new float[rows * width];
        for (int i = 0; i < all.length; i++) all[i] = random.nextFloat() * 2 - 1;
        format.encode(MemorySegment.ofArray(all), 0, all.length, group, at);
    }

    @Override
    public String toString() {
        return "RowFormat[format=" + format.name() + ", rows=" + rows + ", width=" + width + "]";
    }
}
