// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvSource;
import dev.jay.kv.PageLayout;
import dev.jay.kv.SeenQueries;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/**
 * A cache that reads every row where it lies, and copies of the keys that come and of one query of each.
 *
 * @param heads   of all layers: [tokens][width]
 * @param queries of the first query head of each: [tokens][width]
 */
record KeysSeen(KvCache cache, int perLayer, int width, float[][] heads, float[][] queries) implements KvSource {
    @Override
    public int watchedFrom(int stream, int to) {
        return 0;
    }

    @Override
    public void see(int stream, int head, SeenQueries seen) {
        for (int i = 0; i < seen.count(); i++) {
            long from = 4L * ((long) (seen.row() + i) * seen.queryHeads() + (long) head * seen.group()) * width;
            float[] to = queries[stream * perLayer + head];
            MemorySegment.copy(seen.queries(), Floats.LAYOUT, from, to, (seen.position() + i) * width, width);
        }
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values) {
        copy(stream, position, count, keys);
        cache.append(stream, position, count, keys, values);
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values, Ops ops) {
        copy(stream, position, count, keys);
        cache.append(stream, position, count, keys, values, ops);
    }

    private void copy(int stream, int position, int count, MemorySegment keys) {
        for (int t = 0; t < count; t++) {
            for (int h = 0; h < perLayer; h++) {
                long from = 4L * (t * perLayer + h) * width;
                float[] to = heads[stream * perLayer + h];
                MemorySegment.copy(keys, Floats.LAYOUT, from, to, (position + t) * width, width);
            }
        }
    }

    @Override
    public int length(int stream) {
        return cache.length(stream);
    }

    @Override
    public KvRecipe recipe(int stream) {
        return cache.recipe(stream);
    }

    @Override
    public PageLayout layout(int stream) {
        return cache.layout(stream);
    }

    @Override
    public void addresses(int stream, int head, int from, int to, long[] into) {
        cache.addresses(stream, head, from, to, into);
    }
}
