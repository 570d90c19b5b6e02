// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/**
 * Stands between a cache that forgets nothing and its passes, to look at queries. Attention computes as if it were not there.
 * Borrows the cache.
 */
public abstract class Beside implements KvSource {
    private final KvSource cache;

    protected Beside(KvSource cache) {
        this.cache = cache;
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values) {
        cache.append(stream, position, count, keys, values);
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values, Ops ops) {
        cache.append(stream, position, count, keys, values, ops);
    }

    @Override
    public int length(int stream) {
        return cache.length(stream);
    }

    @Override
    public void recent(int stream, int head, int begin, int to, HeadRows rows) {
        cache.recent(stream, head, begin, to, rows);
    }

    @Override
    public void coded(int stream, int head, int begin, int to, HeadRows rows) {
        cache.coded(stream, head, begin, to, rows);
    }

    @Override
    public int forgotten(int stream, int head) {
        return cache.forgotten(stream, head);
    }

    @Override
    public int selectsFrom(int stream) {
        return cache.selectsFrom(stream);
    }

    @Override
    public UnitSummaries summaries(int stream) {
        return cache.summaries(stream);
    }

    @Override
    public PromptPatterns patterns(int stream) {
        return cache.patterns(stream);
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
    public void addresses(int stream, int head, int begin, int to, long[] into) {
        cache.addresses(stream, head, begin, to, into);
    }
}
