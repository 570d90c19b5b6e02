// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The pages of one stream of one sequence. Slot s holds the token at position s. Owns its hold on its pages. */
final class PageTable {
    private final int stream;
    private final KvStream shape;
    private final KvRecipe recipe;
    private final PageLayout layout;
    private final PagePool pool;
    private int[] pages = new int[8];
    private int pageCount;
    private int length;

    PageTable(int stream, KvStream shape, KvRecipe recipe, PagePool pool) {
        this.stream = stream;
        this.shape = shape;
        this.recipe = recipe;
        this.layout = PageLayout.of(shape, recipe, pool.pageBytes());
        this.pool = pool;
    }

    void append(int position, int count, MemorySegment keys, MemorySegment values) {
        if (position != length || count < 1) {
            throw new IllegalArgumentException("kv append out of order: stream=" + stream + ", position=" + position
                    + ", count=" + count + ", wanted position=" + length + " and count >= 1");
        }
        checkRows("keys", keys, count, shape.keyWidth());
        checkRows("values", values, count, shape.valueWidth());
        leaseFor(Math.addExact(length, count));
        if (pool.isShared(pages[length / layout.slots()])) {
            throw new IllegalStateException(
                    "kv append to a page that others hold too: stream=" + stream + ", position=" + position);
        }
        for (int t = 0; t < count; t++) {
            MemorySegment page = pool.bytes(pages[(position + t) / layout.slots()]);
            int slot = (position + t) % layout.slots();
            for (int h = 0; h < shape.heads(); h++) {
                long row = (long) t * shape.heads() + h;
                long key = row * shape.keyWidth() * Float.BYTES;
                long value = row * shape.valueWidth() * Float.BYTES;
                recipe.keys().seal(keys, key, shape.keyWidth(), page, layout.keyAt(h, slot));
                recipe.values().seal(values, value, shape.valueWidth(), page, layout.valueAt(h, slot));
            }
        }
        length += count;
    }

    private void checkRows(String what, MemorySegment rows, int count, int width) {
        long wanted = (long) count * shape.heads() * width * Float.BYTES;
        if (rows.byteSize() != wanted) {
            throw new IllegalArgumentException("kv append: " + what + " are the wrong size: stream=" + stream
                    + ", count="
                    + count + ", heads=" + shape.heads() + ", width=" + width + ", wanted=" + wanted + " bytes, got="
                    + rows.byteSize());
        }
    }

    private void leaseFor(int tokens) {
        int wanted = layout.pagesFor(tokens);
        ensure(wanted);
        while (pageCount < wanted) pages[pageCount++] = pool.lease();
    }

    private void ensure(int count) {
        if (count > pages.length) pages = Arrays.copyOf(pages, Math.max(count, 2 * pages.length));
    }

    /** Forgets all but the first {@code tokens} tokens; pages that hold nothing more go back. */
    void takeBackTo(int tokens) {
        length = tokens;
        int wanted = layout.pagesFor(tokens);
        while (pageCount > wanted) pool.release(pages[--pageCount]);
    }

    /** Copies the pages of tokens [from, to), where {@code from} begins one. */
    void pagesOf(int from, int to, int[] into, int at) {
        System.arraycopy(pages, from / layout.slots(), into, at, layout.pagesFor(to - from));
    }

    /** One more holder of these pages: the next tokens. */
    void share(int[] others, int at, int tokens) {
        int count = layout.pagesFor(tokens);
        ensure(pageCount + count);
        for (int p = 0; p < count; p++) {
            pool.retain(others[at + p]);
            pages[pageCount++] = others[at + p];
        }
        length += tokens;
    }

    /** The next tokens, copied from these pages to pages of its own. */
    void copy(int[] others, int at, int tokens) {
        int first = pageCount;
        leaseFor(length + tokens);
        for (int p = first; p < pageCount; p++) {
            pool.bytes(pages[p]).copyFrom(pool.bytes(others[at + p - first]));
        }
        length += tokens;
    }

    /** Holds these pages instead of its own from token {@code from} on. */
    void replace(int from, int[] others, int at, int tokens) {
        int page = from / layout.slots();
        for (int p = 0; p < layout.pagesFor(tokens); p++) {
            pool.retain(others[at + p]);
            pool.release(pages[page + p]);
            pages[page + p] = others[at + p];
        }
    }

    void addresses(int head, int from, int to, long[] into) {
        if (head < 0 || head >= shape.heads() || from < 0 || from > to || to > length) {
            throw new IllegalArgumentException("kv read beyond what is there: stream=" + stream + ", head=" + head
                    + ", slots=[" + from + ", " + to + "), heads=" + shape.heads() + ", length=" + length);
        }
        for (int p = from / layout.slots(); p < layout.pagesFor(to); p++) {
            into[p] = pool.address(pages[p]) + head * layout.headBytes();
        }
    }

    PageLayout layout() {
        return layout;
    }

    KvRecipe recipe() {
        return recipe;
    }

    int length() {
        return length;
    }

    int pageCount() {
        return pageCount;
    }
}
