// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.evict.KvEviction;
import dev.jay.kv.merge.KvMerge;
import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Rows of which some are forgotten: after a step that ends where the recipe's eviction says, each head keeps the tokens
 * that matter most to it, moved together, and pages that hold nothing more go back. Rows that are kept keep their bytes,
 * unless the recipe merges what is forgotten into them. What is left is no longer what the tokens alone say, so it is shared with nobody.
 */
final class EvictingTable implements StreamTable {
    private final int stream;
    private final KvStream shape;
    private final KvEviction eviction;
    private final PageTable rows;
    private final SlotTable slots;
    private final KvMerge merge; // null: what is forgotten is gone, or gathered
    private final boolean counts;
    private final float[] notes; // of heads, for the merge
    private int[] prompts = {}; // where prompts end, in order
    private int forgotten;
    private int settled; // tokens
    private boolean seen; // queries of the pass

    EvictingTable(int stream, KvStream shape, KvRecipe recipe, PagePool pool) {
        this(stream, shape, recipe, pool, new PageTable(stream, shape, recipe, pool));
    }

    /** @param rows of this shape, empty */
    EvictingTable(int stream, KvStream shape, KvRecipe recipe, PagePool pool, PageTable rows) {
        this.stream = stream;
        this.shape = shape;
        this.eviction = recipe.eviction().orElseThrow();
        this.rows = rows;
        this.merge = recipe.merge().orElse(null);
        this.counts = recipe.counts();
        this.slots = new SlotTable(pool, shape.heads(), recipe);
        this.notes = new float[merge == null ? 0 : shape.heads()];
        Arrays.fill(notes, Float.NaN);
    }

    /** The most slots that a sequence of so many tokens ever has. */
    static int mostSlots(KvEviction eviction, int tokens) {
        if (eviction.budget().every() == 0) return tokens;
        return (int) Math.min(
                tokens, (long) eviction.budget().tokens() + eviction.budget().every());
    }

    /** Pages of so many slots of such heads, with what is remembered of them. */
    static int pagesFor(int slots, int heads, KvRecipe recipe, PageLayout layout, long pageBytes) {
        return Math.addExact(layout.pagesFor(slots), SlotTable.pagesFor(slots, heads, recipe, pageBytes));
    }

    @Override
    public void promptsEnd(int[] places) {
        prompts = places.clone();
        Arrays.sort(prompts);
        slots.promptEnd(prompts.length == 0 ? 0 : prompts[prompts.length - 1]);
    }

    @Override
    public int nextEnd(int position) {
        int next = Integer.MAX_VALUE;
        for (int place : prompts) if (place > position) next = Math.min(next, place);
        int every = eviction.budget().every();
        return every == 0 ? next : (int) Math.min(next, (position / every + 1L) * every);
    }

    @Override
    public void take(StreamTable other) {
        EvictingTable its = (EvictingTable) other;
        rows.take(its.rows);
        slots.take(its.slots);
        System.arraycopy(its.notes, 0, notes, 0, notes.length);
        forgotten = its.forgotten;
        settled = its.settled;
    }

    private boolean forgetsAt(int position) {
        return nextEnd(position - 1) == position;
    }

    @Override
    public void append(int position, int count, MemorySegment keys, MemorySegment values, EachToken each) {
        rows.checkAppend(position, length(), count, keys, values);
        if (position + (long) count > nextEnd(settled)) {
            throw new IllegalArgumentException("kv append beyond where tokens are forgotten: stream=" + stream
                    + ", position=" + position + ", count=" + count + ", allowed up to " + nextEnd(settled));
        }
        int first = rows.length();
        rows.appendRows(0, count, keys, values, each);
        slots.resize(first + count);
        for (int s = first; s < first + count; s++) slots.begin(s, s + forgotten);
    }

    @Override
    public int watchedFrom(int to) {
        if (eviction.watches() == 0) return to;
        long end = nextEnd(to - 1);
        if (end == Integer.MAX_VALUE) return to; // nothing more is forgotten
        return Math.clamp(end - eviction.watches(), settled, to);
    }

    @Override
    public void see(int head, SeenQueries queries) {
        AttentionWeights spent =
                new AttentionWeights(rows, counts ? slots : null, shape, queries, head, forgotten, eviction::looksAt);
        spent.forEachQuery((position, weights) -> {
            int there = position + 1 - forgotten;
            eviction.see(slots.of(head, there, position + 1, rows), position, weights);
        });
    }

    /** Before heads are shown queries side by side. */
    @Override
    public void beginSeeing() {
        if (!seen) slots.keep(rows.length());
        seen = true;
    }

    @Override
    public void settle(int tokens) {
        int there = tokens - forgotten;
        boolean whole = tokens == length();
        if (seen && !whole) slots.restore(there);
        seen = false;
        rows.settle(there);
        slots.resize(there);
        boolean isNew = tokens > settled;
        settled = tokens;
        if (isNew && forgetsAt(tokens) && there > eviction.budget().tokens()) forget(there);
    }

    private void forget(int there) {
        int kept = eviction.budget().tokens();
        int[] into = new int[there]; // where slots go that are gathered
        float[] sums = eviction.keepsTheSame() ? sums(there, into) : null;
        for (int h = 0; h < shape.heads(); h++) {
            float[] importance = sums != null ? sums : importance(h, there, into);
            eviction.budget().protect(slots.of(h, there, settled, rows), importance);
            int[] best = best(importance, kept);
            if (recipe().merges()) {
                Merging merging = new Merging(rows, slots, shape, h, best, there, notes);
                if (merge != null) merging.run(merge);
                else merging.gather(into);
            }
            int to = 0;
            for (int from : best) {
                if (from != to) {
                    rows.move(h, from, to);
                    slots.move(h, from, to);
                }
                to++;
            }
        }
        forgotten += there - kept;
        rows.settle(kept);
        slots.resize(kept);
    }

    private float[] importance(int head, int there, int[] into) {
        float[] importance = new float[there];
        for (int s = 0; s < there; s++) into[s] = s;
        eviction.gather(slots.of(head, there, settled, rows), importance, into);
        return importance;
    }

    private float[] sums(int there, int[] into) {
        float[] sums = new float[there];
        for (int h = 0; h < shape.heads(); h++) {
            float[] its = importance(h, there, into);
            for (int s = 0; s < there; s++) sums[s] += its[s];
        }
        return sums;
    }

    /** The slots that matter most, in order; of equal ones the latest. */
    private static int[] best(float[] importance, int count) {
        long[] order = new long[importance.length];
        for (int s = 0; s < order.length; s++) order[s] = (long) ordered(importance[s]) << 32 | s;
        Arrays.sort(order);
        int[] best = new int[count];
        for (int i = 0; i < count; i++) best[i] = (int) order[order.length - count + i];
        Arrays.sort(best);
        return best;
    }

    /** In the order of the numbers themselves; NaN is least. */
    private static int ordered(float x) {
        int bits = Float.floatToRawIntBits(Float.isNaN(x) ? Float.NEGATIVE_INFINITY : x);
        return bits ^ bits >> 31 & 0x7FFFFFFF;
    }

    @Override
    public void clear() {
        rows.clear();
        slots.resize(0);
        Arrays.fill(notes, Float.NaN);
        forgotten = 0;
        settled = 0;
        seen = false;
    }

    @Override
    public int forgotten(int head) {
        return forgotten;
    }

    @Override
    public void biases(int head, int from, int to, MemorySegment into, long at) {
        slots.biases(head, from, to, into, at);
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
        return rows.length() + forgotten;
    }

    @Override
    public int pageCount() {
        return rows.pageCount() + slots.pageCount();
    }
}
