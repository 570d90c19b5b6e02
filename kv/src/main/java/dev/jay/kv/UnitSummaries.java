// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.pool.PagePool;
import dev.jay.kv.select.KvSelection;
import dev.jay.kv.select.KvSummary;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What a selection knows of the whole units of a stream, in pages of the pool:
 * {@code [head][unit][summary rows][note:float if any]}, units of a head's part rows first, notes behind. Rows are in the
 * keys' format where a value stands by itself in it, f16 otherwise. A pure function of the rows: made when a pass needs
 * them, and made anew where they came from elsewhere or were taken back. Owns its pages.
 */
public final class UnitSummaries {
    private final KvSummary summary;
    private final PageTable rows;
    private final PagePool pool;
    private final PageList pages;
    private final int keyWidth;
    private final int perPage; // units; 0: nothing is known of them
    private final WeightFormat format;
    private final long rowBytes;
    private final long unitRowsBytes;
    private final long headBytes;
    private final int[] done; // units summed up, by head
    private int units;

    UnitSummaries(PageTable rows, KvStream shape, KvRecipe recipe, KvSummary summary, PagePool pool) {
        this.summary = summary;
        this.rows = rows;
        this.pool = pool;
        this.pages = new PageList(pool);
        this.keyWidth = shape.keyWidth();
        this.perPage = perPage(shape, recipe, summary, pool.pageBytes());
        this.format = format(recipe);
        this.rowBytes = rowBytes(shape, recipe, summary);
        this.unitRowsBytes = summary.summaryRows() * rowBytes;
        this.headBytes = perPage * unitBytes(shape, recipe, summary);
        this.done = new int[shape.heads()];
    }

    /** What the summaries' rows are in. */
    static WeightFormat format(KvRecipe recipe) {
        return recipe.keys().rowFormat().filter(f -> f.blockSize() == 1).orElseGet(() -> WeightFormats.ALL.make("f16"));
    }

    private static long rowBytes(KvStream shape, KvRecipe recipe, KvSummary summary) {
        return format(recipe).bytesFor(summary.summaryWidth(shape.keyWidth()));
    }

    private static long unitBytes(KvStream shape, KvRecipe recipe, KvSummary summary) {
        return summary.summaryRows() * rowBytes(shape, recipe, summary) + (summary.notes() ? Float.BYTES : 0);
    }

    private static int perPage(KvStream shape, KvRecipe recipe, KvSummary summary, long pageBytes) {
        long unit = shape.heads() * unitBytes(shape, recipe, summary);
        if (unit > pageBytes) {
            throw new IllegalArgumentException("kv recipe '" + recipe
                    + "': a page has no room for the summary of a unit: " + unit + " bytes, the page has " + pageBytes);
        }
        return unit == 0 ? 0 : Math.toIntExact(pageBytes / unit);
    }

    /** Pages for a sequence of so many tokens. */
    static int pagesFor(int tokens, KvStream shape, KvRecipe recipe, KvSummary summary, long pageBytes) {
        int perPage = perPage(shape, recipe, summary, pageBytes);
        return perPage == 0 ? 0 : Math.ceilDiv(tokens / KvSelection.UNIT, perPage);
    }

    /** The sequence has so many tokens now. */
    void resize(int tokens) {
        units = perPage == 0 ? 0 : tokens / KvSelection.UNIT;
        int wanted = perPage == 0 ? 0 : Math.ceilDiv(units, perPage);
        if (wanted > pages.count()) pages.leaseTo(wanted);
        else pages.releaseTo(wanted);
        for (int h = 0; h < done.length; h++) done[h] = Math.min(done[h], units);
    }

    int pageCount() {
        return pages.count();
    }

    /** Whether units are whole that are not summed up. */
    boolean isBehind() {
        for (int d : done) if (d < units) return true;
        return false;
    }

    /** Sums up what has become whole. For heads side by side. */
    void summarise(int head) {
        if (done[head] >= units) return;
        float[] keys = new float[KvSelection.UNIT * keyWidth];
        float[] row = new float[summary.summaryRows() * summary.summaryWidth(keyWidth)];
        MemorySegment from = MemorySegment.ofArray(row);
        for (int u = done[head]; u < units; u++) {
            rows.keyRows(head, u * KvSelection.UNIT, (u + 1) * KvSelection.UNIT, keys);
            Arrays.fill(row, 0);
            float note = summary.summarise(keys, keyWidth, row);
            format.encode(from, 0, row.length, page(u), rowsAt(head, u));
            if (summary.notes()) page(u).set(Floats.LAYOUT, noteAt(head, u), note);
        }
        done[head] = units;
    }

    private MemorySegment page(int unit) {
        return pool.bytes(pages.page(unit / perPage));
    }

    private long rowsAt(int head, int unit) {
        return head * headBytes + unit % perPage * unitRowsBytes;
    }

    private long noteAt(int head, int unit) {
        return head * headBytes + perPage * unitRowsBytes + (long) unit % perPage * Float.BYTES;
    }

    /** Units of a page: their rows follow each other. */
    int perPage() {
        return perPage;
    }

    long rowBytes() {
        return rowBytes;
    }

    /** Of the first row of a unit. */
    long address(int head, int unit) {
        return pool.address(pages.page(unit / perPage)) + rowsAt(head, unit);
    }

    float note(int head, int unit) {
        return page(unit).get(Floats.LAYOUT, noteAt(head, unit));
    }
}
