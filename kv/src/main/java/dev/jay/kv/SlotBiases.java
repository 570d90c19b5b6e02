// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the score of each slot of each head of a stream is raised by, in pages of the pool: {@code [head][slot: float]}, so
 * those of a head lie side by side, as attention reads them. Owns its pages.
 */
final class SlotBiases {
    private final PagePool pool;
    private final PageList pages;
    private final int perPage; // slots

    SlotBiases(PagePool pool, int heads) {
        this.pool = pool;
        this.pages = new PageList(pool);
        this.perPage = SlotTable.perPage(heads, Float.BYTES, pool.pageBytes());
    }

    static int pagesFor(int slots, int heads, long pageBytes) {
        return Math.ceilDiv(slots, SlotTable.perPage(heads, Float.BYTES, pageBytes));
    }

    /** From now on there are so many slots; new ones hold anything. */
    void resize(int slots) {
        int wanted = Math.ceilDiv(slots, perPage);
        if (wanted > pages.count()) pages.leaseTo(wanted);
        else pages.releaseTo(wanted);
    }

    int pageCount() {
        return pages.count();
    }

    void take(SlotBiases other) {
        pages.copy(other.pages);
    }

    private MemorySegment page(int slot) {
        return pool.bytes(pages.page(slot / perPage));
    }

    private long at(int head, int slot) {
        return ((long) head * perPage + slot % perPage) * Float.BYTES;
    }

    void set(int head, int slot, float bias) {
        page(slot).set(ValueLayout.JAVA_FLOAT_UNALIGNED, at(head, slot), bias);
    }

    void move(int head, int from, int to) {
        set(head, to, page(from).get(ValueLayout.JAVA_FLOAT_UNALIGNED, at(head, from)));
    }

    void copy(int head, int from, int to, MemorySegment into, long at) {
        for (int slot = from; slot < to; ) {
            int end = Math.min(to, (slot / perPage + 1) * perPage);
            long bytes = (long) (end - slot) * Float.BYTES;
            MemorySegment.copy(page(slot), at(head, slot), into, at + (long) (slot - from) * Float.BYTES, bytes);
            slot = end;
        }
    }
}
