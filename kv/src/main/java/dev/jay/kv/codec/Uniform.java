// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Evenly spaced levels between the least and the greatest of some values: {@code value = least + code * step}, both kept
 * as f16, the step rounded up and the least down, so that every value lies between the ends.
 */
final class Uniform {
    static final int BYTES = 4; // [step:f16][least:f16]

    private static final ValueLayout.OfShort SHORT = Floats.SHORT;
    private static final float MOST = 65504;

    private Uniform() {}

    static void checkBits(String codec, int bits) {
        if (bits != 1 && bits != 2 && bits != 4 && bits != 8) {
            throw new IllegalArgumentException(codec + ": bits=" + bits + ", allowed: 1, 2, 4, 8");
        }
    }

    /** Writes step and least of {@code count} values that lie {@code stride} floats apart. */
    static void measure(MemorySegment values, long from, int stride, int count, int bits, MemorySegment page, long at) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            float v = values.get(Floats.LAYOUT, from + 4L * i * stride);
            least = Math.min(least, v);
            most = Math.max(most, v);
        }
        short low = half(least, -1);
        float step = (Math.min(most, MOST) - Float.float16ToFloat(low)) / ((1 << bits) - 1);
        page.set(SHORT, at, half(step, 1));
        page.set(SHORT, at + 2, low);
    }

    /** The half nearest to a value, or one a little further to this side (1 or -1) if it falls short; never infinite. */
    private static short half(float value, int side) {
        float bounded = Math.clamp(value, -MOST, MOST);
        short near = Float.floatToFloat16(bounded);
        float got = Float.float16ToFloat(near);
        if (!(got * side < bounded * side)) return near;
        float further = got + side * Math.max(Math.abs(got) * 0x1p-10f, 0x1p-24f);
        return Float.floatToFloat16(Math.clamp(further, -MOST, MOST));
    }

    static float step(MemorySegment page, long at) {
        return Float.float16ToFloat(page.get(SHORT, at));
    }

    static float least(MemorySegment page, long at) {
        return Float.float16ToFloat(page.get(SHORT, at + 2));
    }

    static int code(float value, float step, float least, int bits) {
        if (!(step > 0)) return 0;
        return Math.clamp(Math.round((value - least) / step), 0, (1 << bits) - 1);
    }

    /** Code i of some that lie packed from {@code at} on, the first in the lowest bits. Bytes must be zero before. */
    static void put(MemorySegment page, long at, int i, int bits, int code) {
        long there = at + (long) i * bits / 8;
        int shift = i * bits % 8;
        page.set(ValueLayout.JAVA_BYTE, there, (byte) (page.get(ValueLayout.JAVA_BYTE, there) | code << shift));
    }
}
