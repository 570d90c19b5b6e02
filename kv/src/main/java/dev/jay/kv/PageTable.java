// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;

/** Rows that are coded one by one, as they come: of all heads of a stream, or of some that lie beside the others'. */
final class PageTable implements StreamTable {
    private final int stream;
    private final KvStream shape;
    private final KvRecipe recipe;
    private final PageLayout layout;
    private final PagePool pool;
    private final PageList pages;
    private final int firstHead; // of those that come
    private final int comingHeads;
    private int length;

    PageTable(int stream, KvStream shape, KvRecipe recipe, PagePool pool) {
        this(stream, shape, recipe, pool, 0, shape.heads());
    }

    /**
     * @param shape       of the heads that are kept here
     * @param firstHead   of these, among those that come
     * @param comingHeads whose rows come together
     */
    PageTable(int stream, KvStream shape, KvRecipe recipe, PagePool pool, int firstHead, int comingHeads) {
        this.firstHead = firstHead;
        this.comingHeads = comingHeads;
        this.stream = stream;
        this.shape = shape;
        this.recipe = recipe;
        this.layout = PageLayout.of(shape, recipe, pool.pageBytes());
        this.pool = pool;
        this.pages = new PageList(pool);
    }

    @Override
    public PageTable rows() {
        return this;
    }

    @Override
    public void append(int position, int count, MemorySegment keys, MemorySegment values, EachToken each) {
        checkAppend(position, length, count, keys, values);
        appendRows(0, count, keys, values, each);
    }

    /** Rows [first, first + count) of these, which come next. None is fine. */
    void appendRows(int first, int count, MemorySegment keys, MemorySegment values, EachToken each) {
        if (count == 0) return;
        pages.leaseTo(layout.pagesFor(Math.addExact(length, count)));
        if (pool.isShared(pages.page(length / layout.slots()))) {
            throw new IllegalStateException(
                    "kv append to a page that others hold too: stream=" + stream + ", position=" + length);
        }
        each.run(count, t -> appendRow(length + t, first + t, keys, values));
        length += count;
    }

    private void appendRow(int at, int token, MemorySegment keys, MemorySegment values) {
        MemorySegment page = pool.bytes(pages.page(at / layout.slots()));
        int slot = at % layout.slots();
        for (int h = 0; h < shape.heads(); h++) {
            long row = (long) token * comingHeads + firstHead + h;
            long key = row * shape.keyWidth() * Float.BYTES;
            long value = row * shape.valueWidth() * Float.BYTES;
            recipe.keys().seal(keys, key, shape.keyWidth(), page, layout.keyAt(h, slot));
            recipe.values().seal(values, value, shape.valueWidth(), page, layout.valueAt(h, slot));
        }
    }

    /** The first head of these, among those that come. */
    int firstHead() {
        return firstHead;
    }

    /** @param length tokens that came before */
    void checkAppend(int position, int length, int count, MemorySegment keys, MemorySegment values) {
        KvStream coming = new KvStream(comingHeads, shape.keyWidth(), shape.valueWidth());
        checkAppend(stream, coming, length, position, count, keys, values);
    }

    /** What every table asks of rows that come. */
    static void checkAppend(
            int stream, KvStream shape, int length, int position, int count, MemorySegment keys, MemorySegment values) {
        if (position != length || count < 1) {
            throw new IllegalArgumentException("kv append out of order: stream=" + stream + ", position=" + position
                    + ", count=" + count + ", wanted position=" + length + " and count >= 1");
        }
        checkRows(stream, "keys", keys, count, shape.heads(), shape.keyWidth());
        checkRows(stream, "values", values, count, shape.heads(), shape.valueWidth());
    }

    private static void checkRows(int stream, String what, MemorySegment rows, int count, int heads, int width) {
        long wanted = (long) count * heads * width * Float.BYTES;
        if (rows.byteSize() != wanted) {
            throw new IllegalArgumentException("kv append: " + what + " are the wrong size: stream=" + stream
                    + ", count="
                    + count + ", heads=" + heads + ", width=" + width + ", wanted=" + wanted + " bytes, got="
                    + rows.byteSize());
        }
    }

    /** One row of a head, decoded. */
    void row(int slot, int head, HeadRows into) {
        MemorySegment page = pool.bytes(pages.page(slot / layout.slots()));
        int within = slot % layout.slots();
        recipe.keys().unseal(page, layout.keyAt(head, within), shape.keyWidth(), into.keys(), into.keyAt());
        recipe.values().unseal(page, layout.valueAt(head, within), shape.valueWidth(), into.values(), into.valueAt());
    }

    @Override
    public void coded(int head, int from, int to, HeadRows into) {
        for (int slot = from; slot < to; slot++) {
            row(slot, head, into.plus(slot - from, shape));
        }
    }

    /** One row of a head, coded anew. */
    void put(int slot, int head, HeadRows from) {
        MemorySegment page = pool.bytes(pages.page(slot / layout.slots()));
        int within = slot % layout.slots();
        recipe.keys().seal(from.keys(), from.keyAt(), shape.keyWidth(), page, layout.keyAt(head, within));
        recipe.values().seal(from.values(), from.valueAt(), shape.valueWidth(), page, layout.valueAt(head, within));
    }

    int keyWidth() {
        return shape.keyWidth();
    }

    /** One key of a head, decoded. */
    void key(int slot, int head, MemorySegment into, long at) {
        MemorySegment page = pool.bytes(pages.page(slot / layout.slots()));
        recipe.keys().unseal(page, layout.keyAt(head, slot % layout.slots()), shape.keyWidth(), into, at);
    }

    /** Keys of slots [from, to) of a head, decoded, channel by channel. */
    void keyColumns(int head, int from, int to, float[][] into) {
        float[] row = new float[shape.keyWidth()];
        MemorySegment decoded = MemorySegment.ofArray(row);
        for (int slot = from; slot < to; slot++) {
            MemorySegment page = pool.bytes(pages.page(slot / layout.slots()));
            recipe.keys().unseal(page, layout.keyAt(head, slot % layout.slots()), row.length, decoded, 0);
            for (int c = 0; c < row.length; c++) into[c][slot - from] = row[c];
        }
    }

    /** Keys of slots [from, to) of a head, decoded, one after the other. */
    void keyRows(int head, int from, int to, float[] into) {
        MemorySegment decoded = MemorySegment.ofArray(into);
        int width = shape.keyWidth();
        for (int slot = from; slot < to; slot++) {
            MemorySegment page = pool.bytes(pages.page(slot / layout.slots()));
            long at = layout.keyAt(head, slot % layout.slots());
            recipe.keys().unseal(page, at, width, decoded, 4L * width * (slot - from));
        }
    }

    /** A row of a head, to another slot of it: as it is. */
    void move(int head, int from, int to) {
        MemorySegment source = pool.bytes(pages.page(from / layout.slots()));
        MemorySegment target = pool.bytes(pages.page(to / layout.slots()));
        int within = from % layout.slots();
        int there = to % layout.slots();
        MemorySegment.copy(source, layout.keyAt(head, within), target, layout.keyAt(head, there), layout.keyRowBytes());
        MemorySegment.copy(
                source, layout.valueAt(head, within), target, layout.valueAt(head, there), layout.valueRowBytes());
    }

    @Override
    public void take(StreamTable other) {
        PageTable its = (PageTable) other;
        pages.copy(its.pages);
        length = its.length;
    }

    @Override
    public void settle(int tokens) {
        length = tokens;
        pages.releaseTo(layout.pagesFor(tokens));
    }

    @Override
    public void clear() {
        settle(0);
    }

    @Override
    public void pagesOf(int from, int to, int[] into, int at) {
        pages.copyTo(from / layout.slots(), layout.pagesFor(to - from), into, at);
    }

    @Override
    public void share(int[] others, int at, int tokens) {
        pages.share(others, at, layout.pagesFor(tokens));
        length += tokens;
    }

    @Override
    public void copy(int[] others, int at, int tokens) {
        pages.copy(others, at, layout.pagesFor(tokens));
        length += tokens;
    }

    @Override
    public void replace(int from, int[] others, int at, int tokens) {
        pages.replace(from / layout.slots(), others, at, layout.pagesFor(tokens));
    }

    @Override
    public void addresses(int head, int from, int to, long[] into) {
        checkRead(stream, shape, length, head, from, to);
        int runs = layout.slots() / layout.run(); // of a page
        for (int r = from / layout.run(); r * layout.run() < to; r++) {
            into[r] = pool.address(pages.page(r / runs)) + head * layout.headBytes() + r % runs * layout.runBytes();
        }
    }

    static void checkRead(int stream, KvStream shape, int length, int head, int from, int to) {
        if (head < 0 || head >= shape.heads() || from < 0 || from > to || to > length) {
            throw new IllegalArgumentException("kv read beyond what is there: stream=" + stream + ", head=" + head
                    + ", slots=[" + from + ", " + to + "), heads=" + shape.heads() + ", length=" + length);
        }
    }

    @Override
    public PageLayout layout() {
        return layout;
    }

    @Override
    public KvRecipe recipe() {
        return recipe;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int pageCount() {
        return pages.count();
    }
}
