// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Codes of 1, 2, 4 or 8 bits that lie packed, the first in the lowest bits; and halves. Offsets are in bytes. */
final class Codes {
    private Codes() {}

    static void check(int bits) {
        if (bits != 1 && bits != 2 && bits != 4 && bits != 8) {
            throw new IllegalArgumentException("bits=" + bits + ", allowed: 1, 2, 4, 8");
        }
    }

    static int get(MemorySegment from, long at, int i, int bits) {
        int shift = i * bits % 8;
        return from.get(ValueLayout.JAVA_BYTE, at + (long) i * bits / 8) >> shift & (1 << bits) - 1;
    }

    static float half(MemorySegment from, long at) {
        return Float.float16ToFloat(from.get(Floats.SHORT, at));
    }
}
