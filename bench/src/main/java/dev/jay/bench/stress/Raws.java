// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.stress;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Plain copies and writes at raw addresses. */
final class Raws {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Raws() {}

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    static void set(long at, int value) {
        ALL.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
    }
}
