// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefill.KvPrefill;
import dev.jay.kv.prefill.Stretches;
import java.util.ArrayList;
import java.util.List;

/**
 * What one stream of a sequence knows of its prompt's attention: means of its keys by unit, in pages of the pool, and what
 * the queries of the stretch that it is in have shown. The latter is what a pass made of it until that is settled. A stretch
 * knows nothing of those before it, so a sequence may begin anew, with rows of others, where one begins. Owns its pages.
 */
public final class PromptPatterns {
    private final KvPrefill prefill;
    private final UnitSummaries means;
    private int end; // positions from here on read everything
    private int length;
    private int settled;
    private List<PromptHead> heads = List.of();
    private List<PromptHead> settledHeads = List.of();

    PromptPatterns(PageTable rows, KvStream shape, KvRecipe recipe, PagePool pool) {
        this.prefill = recipe.prefill().orElseThrow();
        this.means = new UnitSummaries(rows, shape, recipe, UnitMeans.ALL, pool);
    }

    static int pagesFor(int tokens, KvStream shape, KvRecipe recipe, long pageBytes) {
        boolean looks = recipe.prefill().orElseThrow().looks();
        return looks ? UnitSummaries.pagesFor(tokens, shape, recipe, UnitMeans.ALL, pageBytes) : 0;
    }

    void promptsEnd(int[] places) {
        int last = 0;
        for (int place : places) last = Math.max(last, place);
        end = prefill.stretches().end(last);
    }

    /** The stream has so many tokens now. Means are gone when all that ask for them are history. */
    void resize(int tokens) {
        length = tokens;
        means.resize(prefill.looks() && settled < end ? Math.min(tokens, end) : 0);
    }

    /** Ends a pass: what it showed is history if all its tokens are. */
    void settle(int tokens) {
        if (tokens == length) settledHeads = tokens < end ? heads : List.of();
        heads = settledHeads.stream().map(PromptHead::copy).toList();
        settled = tokens;
        resize(tokens);
    }

    int pageCount() {
        return means.pageCount();
    }

    UnitSummaries means() {
        return means;
    }

    KvPrefill prefill() {
        return prefill;
    }

    /** The first position from which on every query reads everything. */
    int end() {
        return end;
    }

    /** Of each head, where so many query heads share one. */
    List<PromptHead> heads(int count, int group, int keyWidth) {
        if (heads.isEmpty()) {
            List<PromptHead> fresh = new ArrayList<>();
            for (int h = 0; h < count; h++) fresh.add(new PromptHead(group, keyWidth));
            heads = fresh;
        }
        return heads;
    }

    /** Whether the query at a position reads everything. */
    boolean isWhole(int position) {
        return position >= end || prefill.stretches().isWhole(position);
    }

    /** The first position behind this one where that may change. */
    int nextChange(int position) {
        Stretches stretches = prefill.stretches();
        if (position >= end) return Integer.MAX_VALUE;
        int stretch = position / stretches.every() * stretches.every();
        boolean first = stretch > 0 && position < stretch + KvPrefill.BLOCK;
        return Math.min(end, first ? stretch + KvPrefill.BLOCK : stretch + stretches.every());
    }
}
