// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.evict.Budget;
import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;

/**
 * Rows of a stream whose heads keep each its own number of tokens: a table of its own for each head, of one that forgets
 * nothing plain pages. All forget at the same places. Shared with nobody, as what a head forgot is no longer what the tokens
 * say.
 */
final class HeadTables implements StreamTable {
    private final KvRecipe recipe;
    private final StreamTable[] heads;

    HeadTables(int stream, KvStream shape, KvRecipe recipe, PagePool pool) {
        this.recipe = recipe;
        this.heads = new StreamTable[shape.heads()];
        Budget budget = recipe.eviction().orElseThrow().budget();
        KvStream one = new KvStream(1, shape.keyWidth(), shape.valueWidth());
        for (int h = 0; h < heads.length; h++) {
            PageTable rows = new PageTable(stream, one, recipe, pool, h, heads.length);
            heads[h] = budget.keepsAll(h) ? rows : new EvictingTable(stream, one, recipe, pool, rows);
        }
    }

    /** @param slots of a head that forgets */
    static int pagesFor(int tokens, int slots, KvStream shape, KvRecipe recipe, PageLayout layout, long pageBytes) {
        Budget budget = recipe.eviction().orElseThrow().budget();
        int pages = 0;
        for (int h = 0; h < shape.heads(); h++) {
            int its = budget.keepsAll(h)
                    ? layout.pagesFor(tokens)
                    : EvictingTable.pagesFor(slots, 1, recipe, layout, pageBytes);
            pages = Math.addExact(pages, its);
        }
        return pages;
    }

    @Override
    public void append(int position, int count, MemorySegment keys, MemorySegment values, EachToken each) {
        for (StreamTable head : heads) head.append(position, count, keys, values, each);
    }

    @Override
    public void settle(int tokens) {
        for (StreamTable head : heads) head.settle(tokens);
    }

    @Override
    public void take(StreamTable other) {
        for (int h = 0; h < heads.length; h++) heads[h].take(((HeadTables) other).heads[h]);
    }

    @Override
    public void clear() {
        for (StreamTable head : heads) head.clear();
    }

    /** Of all heads: a pass may have failed after some took it. */
    @Override
    public int length() {
        int length = Integer.MAX_VALUE;
        for (StreamTable head : heads) length = Math.min(length, head.length());
        return length;
    }

    @Override
    public int pageCount() {
        int pages = 0;
        for (StreamTable head : heads) pages += head.pageCount();
        return pages;
    }

    @Override
    public PageLayout layout() {
        return heads[0].layout();
    }

    @Override
    public KvRecipe recipe() {
        return recipe;
    }

    @Override
    public int forgotten(int head) {
        return heads[head].forgotten(0);
    }

    @Override
    public int nextEnd(int position) {
        int next = Integer.MAX_VALUE;
        for (StreamTable head : heads) next = Math.min(next, head.nextEnd(position));
        return next;
    }

    @Override
    public void promptsEnd(int[] places) {
        for (StreamTable head : heads) head.promptsEnd(places);
    }

    @Override
    public int watchedFrom(int to) {
        int from = to;
        for (StreamTable head : heads) from = Math.min(from, head.watchedFrom(to));
        return from;
    }

    @Override
    public void beginSeeing() {
        for (StreamTable head : heads) head.beginSeeing();
    }

    @Override
    public void see(int head, SeenQueries seen) {
        if (heads[head] instanceof EvictingTable forgets) forgets.see(0, seen);
    }

    @Override
    public void biases(int head, int from, int to, MemorySegment into, long at) {
        if (heads[head] instanceof EvictingTable forgets) forgets.biases(0, from, to, into, at);
        else into.asSlice(at, (long) (to - from) * Float.BYTES).fill((byte) 0);
    }

    @Override
    public void addresses(int head, int from, int to, long[] into) {
        heads[head].addresses(0, from, to, into);
    }

    @Override
    public void coded(int head, int from, int to, HeadRows rows) {
        heads[head].coded(0, from, to, rows);
    }
}
