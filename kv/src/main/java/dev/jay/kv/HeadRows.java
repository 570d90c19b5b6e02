// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.lang.foreign.MemorySegment;
import java.util.List;

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

    /** Room for a group on its way into a page: for all streams of a cache, one at a time. */
    static HeadRows ofGroups(KvShape shape, List<KvRecipe> recipes) {
        int keys = 0;
        int values = 0;
        for (int s = 0; s < recipes.size(); s++) {
            int group = recipes.get(s).group();
            if (group == 1) continue;
            KvStream stream = shape.streams().get(s);
            int rows = group * (recipes.get(s).joinsHeads() ? stream.heads() : 1);
            keys = Math.max(keys, rows * stream.keyWidth());
            values = Math.max(values, rows * stream.valueWidth());
        }
        return new HeadRows(MemorySegment.ofArray(new float[keys]), 0, MemorySegment.ofArray(new float[values]), 0);
    }
}
