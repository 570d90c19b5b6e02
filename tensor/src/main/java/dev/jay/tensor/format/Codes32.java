// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 32 codes of up to five bits: {@code [q:u4 x 32]}, byte i holding the low bits of code i in its low half and of code
 * 16 + i in its high half, and where there are fifth bits a word whose bit i is code i's.
 */
final class Codes32 {
    static final int SIZE = 32;
    static final int HALF = SIZE / 2;

    private Codes32() {}

    static void pack(byte[] codes, MemorySegment block, long at) {
        pack(codes, 0, block, at);
    }

    static void pack(byte[] codes, int from, MemorySegment block, long at) {
        for (int i = 0; i < HALF; i++) {
            int pair = codes[from + i] & 15 | (codes[from + HALF + i] & 15) << 4;
            block.set(ValueLayout.JAVA_BYTE, at + i, (byte) pair);
        }
    }

    static int fifths(byte[] codes) {
        int word = 0;
        for (int i = 0; i < SIZE; i++) word |= (codes[i] >> 4 & 1) << i;
        return word;
    }

    /** The lowest four bits of code i of those at {@code at}. */
    static int low(MemorySegment block, long at, int i) {
        return block.get(ValueLayout.JAVA_BYTE, at + i % HALF) >> i / HALF * 4 & 15;
    }
}
