// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 32 weights of four bits under one scale: {@code [scale:f16][q:u4 x 32]}, weight = scale * (q - 8). Byte i holds
 * weight i in its low half and weight 16 + i in its high half. The scale's sign is chosen so that the weight of the
 * largest magnitude is -8.
 */
final class Q4_0 implements WeightFormat {
    static final Catalog.Entry<WeightFormat> ENTRY =
            new Catalog.Entry<>("q4_0", "4-bit, a scale for 32 weights; 4.5 bits per weight", a -> new Q4_0());

    private static final int SIZE = 32;
    private static final int HALF = SIZE / 2;
    private static final int QUANTS = Short.BYTES;
    private static final int ZERO = 8;

    @Override
    public String name() {
        return "q4_0";
    }

    @Override
    public int ggmlType() {
        return 2;
    }

    @Override
    public int blockSize() {
        return SIZE;
    }

    @Override
    public int blockBytes() {
        return QUANTS + HALF;
    }

    @Override
    public double tolerance() {
        return 1.0 / ZERO + 0x1p-10; // a whole step where two extremes have opposite signs: there is no +8
    }

    @Override
    public void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at) {
        float extreme = 0;
        for (int i = 0; i < SIZE; i++) {
            float v = weights.get(Floats.LAYOUT, from + (long) i * Float.BYTES);
            if (Math.abs(v) > Math.abs(extreme)) extreme = v;
        }
        float scale = extreme / -ZERO;
        float inverse = scale == 0 ? 0 : 1 / scale;
        block.set(Floats.SHORT, at, Halves.toF16(scale));
        for (int i = 0; i < HALF; i++) {
            int low = code(weights.get(Floats.LAYOUT, from + (long) i * Float.BYTES) * inverse);
            int high = code(weights.get(Floats.LAYOUT, from + (long) (HALF + i) * Float.BYTES) * inverse);
            block.set(ValueLayout.JAVA_BYTE, at + QUANTS + i, (byte) (low | high << 4));
        }
    }

    private static int code(float steps) {
        return Math.clamp((int) (steps + (ZERO + 0.5f)), 0, 15);
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        for (int i = 0; i < HALF; i++) {
            int pair = block.get(ValueLayout.JAVA_BYTE, at + QUANTS + i);
            weights.set(Floats.LAYOUT, to + (long) i * Float.BYTES, scale * ((pair & 15) - ZERO));
            weights.set(Floats.LAYOUT, to + (long) (HALF + i) * Float.BYTES, scale * ((pair >> 4 & 15) - ZERO));
        }
    }
}
