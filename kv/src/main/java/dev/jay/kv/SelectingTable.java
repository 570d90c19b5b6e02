// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;

/**
 * Rows that are all kept and of which a query reads only some: beyond the end of the last prompt, and where there is more
 * than its recipe's selection lets it read.
 */
final class SelectingTable implements StreamTable {
    private final PageTable rows;
    private final UnitSummaries summaries;
    private final int budget; // tokens
    private int lastPromptEnd;

    SelectingTable(int stream, KvStream shape, KvRecipe recipe, PagePool pool) {
        this.rows = new PageTable(stream, shape, recipe, pool);
        this.summaries =
                new UnitSummaries(rows, shape, recipe, recipe.selection().orElseThrow(), pool);
        this.budget = recipe.selection().orElseThrow().reading().tokens();
    }

    @Override
    public PageTable rows() {
        return rows;
    }

    @Override
    public void promptsEnd(int[] places) {
        lastPromptEnd = 0;
        for (int place : places) lastPromptEnd = Math.max(lastPromptEnd, place);
    }

    @Override
    public int selectsFrom() {
        return Math.max(lastPromptEnd, budget);
    }

    @Override
    public UnitSummaries summaries() {
        return summaries;
    }

    @Override
    public void append(int position, int count, MemorySegment keys, MemorySegment values, EachToken each) {
        rows.append(position, count, keys, values, each);
        summaries.resize(rows.length());
    }

    @Override
    public void settle(int tokens) {
        rows.settle(tokens);
        summaries.resize(tokens);
    }

    @Override
    public void clear() {
        settle(0);
    }

    @Override
    public void share(int[] others, int at, int tokens) {
        rows.share(others, at, tokens);
        summaries.resize(rows.length());
    }

    @Override
    public void copy(int[] others, int at, int tokens) {
        rows.copy(others, at, tokens);
        summaries.resize(rows.length());
    }

    @Override
    public void replace(int from, int[] others, int at, int tokens) {
        rows.replace(from, others, at, tokens);
    }

    @Override
    public void pagesOf(int from, int to, int[] into, int at) {
        rows.pagesOf(from, to, into, at);
    }

    @Override
    public void addresses(int head, int from, int to, long[] into) {
        rows.addresses(head, from, to, into);
    }

    @Override
    public void coded(int head, int from, int to, HeadRows into) {
        rows.coded(head, from, to, into);
    }

    @Override
    public PageLayout layout() {
        return rows.layout();
    }

    @Override
    public KvRecipe recipe() {
        return rows.recipe();
    }

    @Override
    public int length() {
        return rows.length();
    }

    @Override
    public int pageCount() {
        return rows.pageCount() + summaries.pageCount();
    }
}
