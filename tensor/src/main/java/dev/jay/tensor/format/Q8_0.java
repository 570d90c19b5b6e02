// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** 32 weights as signed bytes under one scale: {@code [scale:f16][q:i8 x 32]}, weight = scale * q. */
final class Q8_0 implements WeightFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q8_0", "8-bit, a scale for 32 weights; 8.5 bits per weight", a -> new Q8_0());

    private static final int SIZE = 32;
    private static final int QUANTS = Short.BYTES;
    private static final int MOST = 127;

    @Override
    public String name() {
        return "q8_0";
    }

    @Override
    public int ggmlType() {
        return 8;
    }

    @Override
    public int blockSize() {
        return SIZE;
    }

    @Override
    public int blockBytes() {
        return QUANTS + SIZE;
    }

    @Override
    public double tolerance() {
        return 0.5 / MOST + 0x1p-11; // half a step, and the scale's own rounding
    }

    @Override
    public void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at) {
        float largest = 0;
        for (int i = 0; i < SIZE; i++) {
            float magnitude = Math.abs(weights.get(Floats.LAYOUT, from + (long) i * Float.BYTES));
            if (magnitude > largest) largest = magnitude;
        }
        float scale = largest / MOST;
        float inverse = scale == 0 ? 0 : 1 / scale;
        block.set(Floats.SHORT, at, Halves.toF16(scale));
        for (int i = 0; i < SIZE; i++) {
            float q = weights.get(Floats.LAYOUT, from + (long) i * Float.BYTES) * inverse;
            block.set(ValueLayout.JAVA_BYTE, at + QUANTS + i, (byte) awayFromZero(q));
        }
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        for (int i = 0; i < SIZE; i++) {
            byte q = block.get(ValueLayout.JAVA_BYTE, at + QUANTS + i);
            weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, scale * q);
        }
    }

    /** To the nearest whole number, halves away from zero: unlike {@link Math#round}, which takes them upwards. */
    private static int awayFromZero(float v) {
        int whole = (int) v;
        float rest = v - whole; // exact: both are small
        if (rest >= 0.5f) return whole + 1;
        return rest <= -0.5f ? whole - 1 : whole;
    }
}
