// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Room for the rows of one group of one head, f32, on their way into a page: for all streams of a cache, one at a time. */
record GroupRows(MemorySegment keys, MemorySegment values) {
    static GroupRows of(KvShape shape, List<KvRecipe> recipes) {
        int keys = 0;
        int values = 0;
        for (int s = 0; s < recipes.size(); s++) {
            int group = recipes.get(s).group();
            if (group == 1) continue;
            keys = Math.max(keys, group * shape.streams().get(s).keyWidth());
            values = Math.max(values, group * shape.streams().get(s).valueWidth());
        }
        return new GroupRows(MemorySegment.ofArray(new float[keys]), MemorySegment.ofArray(new float[values]));
    }
}
