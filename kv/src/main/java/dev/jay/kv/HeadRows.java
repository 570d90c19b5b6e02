// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.lang.foreign.MemorySegment;

/**
 * Where rows of one head go, f32, one after the other: keys at byte offset {@code keyAt} of {@code keys}, values at
 * {@code valueAt} of {@code values}. Borrowed.
 */
public record HeadRows(MemorySegment keys, long keyAt, MemorySegment values, long valueAt) {
    /** From the row {@code count} rows further on. */
    HeadRows plus(int count, KvStream shape) {
        long keysOn = (long) count * shape.keyWidth() * Float.BYTES;
        long valuesOn = (long) count * shape.valueWidth() * Float.BYTES;
        return new HeadRows(keys, keyAt + keysOn, values, valueAt + valuesOn);
    }

    /** Room for so many. */
    static HeadRows of(int count, KvStream shape) {
        MemorySegment keys = MemorySegment.ofArray(new float[count * shape.keyWidth()]);
        return new HeadRows(keys, 0, MemorySegment.ofArray(new float[count * shape.valueWidth()]), 0);
    }
}
