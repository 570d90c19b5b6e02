// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvCodec;
import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;

/**
 * Rows that are coded a group at a time. A group is sealed when its last row comes; the rows of the open one wait beside
 * the pages as {@link KvRecipe#TAIL} says, in two tails of a group each: the one that holds the last settled row, and the
 * one that a pass has opened since. Every row is rounded to the tail's format when it comes, whether it waits there or
 * not, so what is sealed does not depend on how a prompt was cut. The pass's own rows are borrowed until it is settled.
 */
final class GroupTable implements StreamTable {
    private final int stream;
    private final KvStream shape;
    private final KvRecipe recipe;
    private final int group;
    private final PageLayout layout;
    private final PagePool pool;
    private final PageList pages;
    private PageTable tail; // rows from tailFrom on, of one group
    private PageTable next; // of the group that the rows of the pass end in, if that is another one
    private int tailFrom;
    private int settled;
    private int length;
    private MemorySegment passKeys; // rows [settled, length)
    private MemorySegment passValues;

    GroupTable(int stream, KvStream shape, KvRecipe recipe, PagePool pool) {
        this.stream = stream;
        this.shape = shape;
        this.recipe = recipe;
        this.group = recipe.group();
        this.layout = PageLayout.of(shape, recipe, pool.pageBytes());
        this.pool = pool;
        this.pages = new PageList(pool);
        this.tail = new PageTable(stream, shape, KvRecipe.TAIL, pool);
        this.next = new PageTable(stream, shape, KvRecipe.TAIL, pool);
    }

    private int sealed() {
        return length / group * group;
    }

    @Override
    public void append(int position, int count, MemorySegment keys, MemorySegment values, EachToken each) {
        PageTable.checkAppend(stream, shape, length, position, count, keys, values);
        if (length != settled) {
            throw new IllegalStateException("kv append before what came last was settled: stream=" + stream
                    + ", settled=" + settled + ", length=" + length);
        }
        passKeys = keys;
        passValues = values;
        int before = sealed();
        length = Math.addExact(length, count);
        int end = sealed();
        pages.leaseTo(layout.pagesFor(end));
        each.run((end - before) / group, group, i -> seal(before + i * group));
        if (end == before) {
            tail.appendRows(0, count, keys, values, each);
            return;
        }
        tail.appendRows(
                0, before + group - settled, keys, values, each); // should the pass be taken back to the middle of it
        next.appendRows(end - settled, length - end, keys, values, each);
    }

    private void seal(int from) {
        MemorySegment page = pool.bytes(pages.page(from / layout.slots()));
        int at = from % layout.slots();
        // Of its own: others are sealed beside it.
        HeadRows rows = HeadRows.of(group * (recipe.joinsHeads() ? shape.heads() : 1), shape);
        boolean ownKeys = !recipe.keys().joinsHeads();
        boolean ownValues = !recipe.values().joinsHeads();
        for (int h = 0; h < shape.heads() && (ownKeys || ownValues); h++) {
            recent(h, from, from + group, rows);
            if (ownKeys) code(recipe.keys(), rows.keys(), shape.keyWidth(), page, layout.keyAt(h, at));
            if (ownValues) code(recipe.values(), rows.values(), shape.valueWidth(), page, layout.valueAt(h, at));
        }
        if (ownKeys && ownValues) return;
        for (int r = 0; r < group * shape.heads(); r++) { // rows of all heads side by side
            int token = from + r / shape.heads();
            long key = 4L * r * shape.keyWidth();
            long value = 4L * r * shape.valueWidth();
            recent(r % shape.heads(), token, token + 1, new HeadRows(rows.keys(), key, rows.values(), value));
        }
        int keyWidth = shape.heads() * shape.keyWidth();
        int valueWidth = shape.heads() * shape.valueWidth();
        if (!ownKeys) code(recipe.keys(), rows.keys(), keyWidth, page, layout.keyAt(0, at));
        if (!ownValues) code(recipe.values(), rows.values(), valueWidth, page, layout.valueAt(0, at));
    }

    private void code(KvCodec codec, MemorySegment from, int width, MemorySegment page, long at) {
        for (int r = 0; r < group; r += codec.group()) {
            codec.seal(from, 4L * r * width, width, page, at + (long) (r / codec.group()) * codec.groupBytes(width));
        }
    }

    @Override
    public void addresses(int head, int from, int to, long[] into) {
        PageTable.checkRead(stream, shape, sealed(), head, from, to);
        for (int p = from / layout.slots(); p * layout.slots() < to; p++) {
            into[p] = pool.address(pages.page(p)) + head * layout.headBytes();
        }
    }

    @Override
    public void coded(int head, int from, int to, HeadRows into) {
        PageTable.checkRead(stream, shape, sealed(), head, from, to);
        for (int g = from; g < to; g += group) {
            MemorySegment page = pool.bytes(pages.page(g / layout.slots()));
            int at = g % layout.slots();
            long row = (long) g - from;
            decode(recipe.keys(), page, layout.keyAt(head, at), head, shape.keyWidth(), into.keys(), into.keyAt(), row);
            decode(
                    recipe.values(),
                    page,
                    layout.valueAt(head, at),
                    head,
                    shape.valueWidth(),
                    into.values(),
                    into.valueAt(),
                    row);
        }
    }

    private void decode(
            KvCodec codec, MemorySegment page, long at, int head, int width, MemorySegment to, long toAt, long row) {
        int coded = codec.joinsHeads() ? shape.heads() * width : width;
        for (int r = 0; r < group; r += codec.group()) {
            long from = at + (long) (r / codec.group()) * codec.groupBytes(coded);
            long there = toAt + 4L * width * (row + r);
            if (codec.joinsHeads()) codec.format(coded, head * width, width).decode(page, from, to, there);
            else codec.unseal(page, from, width, to, there);
        }
    }

    @Override
    public void recent(int head, int from, int to, HeadRows into) {
        PageTable.checkRead(stream, shape, length, head, from, to);
        if (from < tailFrom) {
            throw new IllegalArgumentException(
                    "kv rows are coded by now: stream=" + stream + ", from=" + from + ", still there from=" + tailFrom);
        }
        long key = 4L * shape.keyWidth();
        long value = 4L * shape.valueWidth();
        for (int p = from; p < to; p++) {
            long toKey = into.keyAt() + (p - from) * key;
            long toValue = into.valueAt() + (p - from) * value;
            if (p < settled) {
                tail.row(p - tailFrom, head, new HeadRows(into.keys(), toKey, into.values(), toValue));
                continue;
            }
            long row = (long) (p - settled) * shape.heads() + head;
            KvRecipe.round(passKeys, row * key, into.keys(), toKey, shape.keyWidth());
            KvRecipe.round(passValues, row * value, into.values(), toValue, shape.valueWidth());
        }
    }

    @Override
    public void settle(int tokens) {
        int last = sealed();
        if (tokens >= last) {
            if (last != tailFrom) { // the pass has opened it
                PageTable old = tail;
                tail = next;
                next = old;
            }
            tailFrom = last;
            tail.settle(tokens - last);
        } else if (tokens < tailFrom + group) {
            tail.settle(tokens - tailFrom);
        } else if (tokens == tailFrom + group) {
            tail.clear();
            tailFrom = tokens;
        } else {
            throw new IllegalArgumentException(
                    "kv settle in the middle of groups that one pass sealed: stream=" + stream + ", tokens=" + tokens
                            + ", allowed: up to " + (tailFrom + group) + ", or from " + last + " on");
        }
        next.clear();
        length = tokens;
        settled = tokens;
        passKeys = null;
        passValues = null;
        pages.releaseTo(layout.pagesFor(sealed()));
    }

    @Override
    public void clear() {
        tail.clear();
        next.clear();
        tailFrom = 0;
        settled = 0;
        length = 0;
        pages.releaseTo(0);
    }

    @Override
    public void pagesOf(int from, int to, int[] into, int at) {
        pages.copyTo(from / layout.slots(), layout.pagesFor(to - from), into, at);
    }

    @Override
    public void share(int[] others, int at, int tokens) {
        pages.share(others, at, layout.pagesFor(tokens));
        jumpTo(length + tokens);
    }

    @Override
    public void copy(int[] others, int at, int tokens) {
        pages.copy(others, at, layout.pagesFor(tokens));
        jumpTo(length + tokens);
    }

    private void jumpTo(int tokens) {
        length = tokens;
        settled = tokens;
        tailFrom = tokens;
    }

    @Override
    public void replace(int from, int[] others, int at, int tokens) {
        pages.replace(from / layout.slots(), others, at, layout.pagesFor(tokens));
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
        return pages.count() + tail.pageCount() + next.pageCount();
    }
}
