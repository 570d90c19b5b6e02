// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.KvCache;
import dev.jay.kv.KvSource;
import dev.jay.kv.prefix.Stride;

/**
 * A sequence's keys and values in pages here. Owns the cache.
 *
 * @param source what passes see of it
 */
record PagedCache(KvCache kv, KvSource source) implements SequenceCache {
    @Override
    public int length() {
        return kv.settled();
    }

    @Override
    public int strideTokens() {
        return kv.strideTokens();
    }

    @Override
    public Stride stride(int index) {
        return kv.stride(index);
    }

    @Override
    public void adopt(Stride stride, int tokens) {
        kv.adopt(stride, tokens);
    }

    @Override
    public void replace(int index, Stride same) {
        kv.replace(index, same);
    }

    @Override
    public void promptsEnd(int... places) {
        kv.promptsEnd(places);
    }

    @Override
    public int nextEnd() {
        return kv.nextEnd();
    }

    @Override
    public void close() {
        kv.close();
    }
}
