// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The block of longs that a function in machine code takes as its argument, and other plain writes to raw addresses. */
public final class Words {
    /** Room for the longest block; kernels keep it at the start of their working space. */
    public static final int BYTES = 256;

    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Words() {}

    public static void set(long block, int index, long value) {
        ALL.set(ValueLayout.JAVA_LONG, block + 8L * index, value);
    }

    /** Zeroes {@code bytes}, a multiple of 4. */
    public static void clear(long address, long bytes) {
        for (long at = 0; at < bytes; at += 4) ALL.set(ValueLayout.JAVA_INT_UNALIGNED, address + at, 0);
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    /** Some of an array, one after the other. */
    static void copy(long[] from, int first, int count, long to) {
        MemorySegment.copy(from, first, ALL, ValueLayout.JAVA_LONG, to, count);
    }

    public static float real(long address) {
        return ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
    }

    static void setInt(long address, int value) {
        ALL.set(ValueLayout.JAVA_INT_UNALIGNED, address, value);
    }

    public static void setReal(long address, float value) {
        ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
    }
}
