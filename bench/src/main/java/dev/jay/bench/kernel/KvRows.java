// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvSource;
import dev.jay.kv.KvStream;
import dev.jay.kv.PageLayout;
import java.lang.foreign.MemorySegment;

/** Keys and values that lie in the big region as a cache's pages would: the smallest pages, one after the other. */
final class KvRows implements KvSource {
    private final MemorySegment bytes;
    private final KvRecipe recipe;
    private final PageLayout layout;
    private final long pageBytes;
    private final int length;

    /** @param bytes full of coded rows; pages begin at its beginning */
    KvRows(MemorySegment bytes, KvStream stream, KvRecipe recipe, int length) {
        this.bytes = bytes;
        this.recipe = recipe;
        this.pageBytes = PageLayout.leastBytes(stream, recipe);
        this.layout = PageLayout.of(stream, recipe, pageBytes);
        this.length = length;
    }

    /** Bytes of a source of so many tokens. */
    static long bytesFor(KvStream stream, KvRecipe recipe, int length) {
        long pageBytes = PageLayout.leastBytes(stream, recipe);
        return PageLayout.of(stream, recipe, pageBytes).pagesFor(length) * pageBytes;
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values) {
        throw new UnsupportedOperationException("rows of a measurement are there from the beginning");
    }

    @Override
    public int length(int stream) {
        return length;
    }

    @Override
    public KvRecipe recipe(int stream) {
        return recipe;
    }

    @Override
    public PageLayout layout(int stream) {
        return layout;
    }

    @Override
    public void addresses(int stream, int head, int from, int to, long[] into) {
        for (int p = from / layout.slots(); p * layout.slots() < to; p++) {
            into[p] = bytes.address() + p * pageBytes + head * layout.headBytes();
        }
    }
}
