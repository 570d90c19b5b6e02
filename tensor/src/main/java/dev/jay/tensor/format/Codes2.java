// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 256 codes of two bits in 64 bytes, {@code [q:u2 x 256]}: of each half of the codes, byte i of 32 holds codes i, 32 + i,
 * 64 + i and 96 + i, lowest bits first.
 */
final class Codes2 {
    static final int BYTES = 64;

    private Codes2() {}

    static void pack(byte[] codes, MemorySegment block, long at) {
        for (int i = 0; i < BYTES; i++) {
            int first = i / 32 * 128 + i % 32;
            int four = 0;
            for (int k = 0; k < 4; k++) four |= (codes[first + 32 * k] & 3) << 2 * k;
            block.set(ValueLayout.JAVA_BYTE, at + i, (byte) four);
        }
    }

    static int code(MemorySegment block, long at, int i) {
        return block.get(ValueLayout.JAVA_BYTE, at + i / 128 * 32L + i % 32) >> i / 32 % 4 * 2 & 3;
    }
}
