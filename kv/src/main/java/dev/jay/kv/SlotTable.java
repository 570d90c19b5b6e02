// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.evict.KvSlots;
import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Which token each slot of each head of a stream holds, and what its eviction remembers of it, in pages of the pool:
 * {@code [slot][head][position:int][state: floats][state before the pass: floats][merged: float]}, the last where tokens are
 * merged: what those weigh that were merged into this one. Owns its pages.
 */
final class SlotTable {
    private final PagePool pool;
    private final PageList pages;
    private final int heads;
    private final int states;
    private final boolean merges;
    private final int entryBytes;
    private final int perPage; // slots
    private int promptEnd;

    SlotTable(PagePool pool, int heads, int states, boolean merges) {
        this.pool = pool;
        this.pages = new PageList(pool);
        this.heads = heads;
        this.states = states;
        this.merges = merges;
        this.entryBytes = entryBytes(states, merges);
        this.perPage = perPage(heads, entryBytes, pool.pageBytes());
    }

    private static int entryBytes(int states, boolean merges) {
        return 4 + 8 * states + (merges ? 4 : 0);
    }

    private static int perPage(int heads, int entryBytes, long pageBytes) {
        long slots = pageBytes / ((long) heads * entryBytes);
        if (slots < 1) {
            throw new IllegalArgumentException("kv page has no room for a slot of " + heads + " heads: " + pageBytes);
        }
        return Math.toIntExact(slots);
    }

    static int pagesFor(int slots, int heads, int states, boolean merges, long pageBytes) {
        return Math.ceilDiv(slots, perPage(heads, entryBytes(states, merges), pageBytes));
    }

    void promptEnd(int position) {
        promptEnd = position;
    }

    /** From now on there are so many slots; new ones are to be {@link #begin begun}. */
    void resize(int slots) {
        int wanted = Math.ceilDiv(slots, perPage);
        if (wanted > pages.count()) pages.leaseTo(wanted);
        else pages.releaseTo(wanted);
    }

    int pageCount() {
        return pages.count();
    }

    private MemorySegment page(int slot) {
        return pool.bytes(pages.page(slot / perPage));
    }

    private long at(int head, int slot) {
        return ((long) (slot % perPage) * heads + head) * entryBytes;
    }

    /** A token comes: nothing is known of it. */
    void begin(int slot, int position) {
        for (int h = 0; h < heads; h++) {
            page(slot).asSlice(at(h, slot), entryBytes).fill((byte) 0);
            page(slot).set(ValueLayout.JAVA_INT_UNALIGNED, at(h, slot), position);
        }
    }

    int position(int head, int slot) {
        return page(slot).get(ValueLayout.JAVA_INT_UNALIGNED, at(head, slot));
    }

    /** What tokens weigh that were merged into a slot's; its own weighs 1. */
    float merged(int head, int slot) {
        return merges ? page(slot).get(ValueLayout.JAVA_FLOAT_UNALIGNED, at(head, slot) + entryBytes - 4) : 0;
    }

    void merged(int head, int slot, float weight) {
        if (!merges) throw new IllegalStateException("kv slots here take nothing in");
        page(slot).set(ValueLayout.JAVA_FLOAT_UNALIGNED, at(head, slot) + entryBytes - 4, weight);
    }

    void move(int head, int from, int to) {
        MemorySegment.copy(page(from), at(head, from), page(to), at(head, to), entryBytes);
    }

    /** Keeps the states of the first so many slots, for {@link #restore}. */
    void keep(int slots) {
        for (int s = 0; s < slots; s++) {
            for (int h = 0; h < heads; h++) {
                MemorySegment.copy(page(s), at(h, s) + 4, page(s), at(h, s) + 4 + 4L * states, 4L * states);
            }
        }
    }

    /** States are again what they were when they were kept. */
    void restore(int slots) {
        for (int s = 0; s < slots; s++) {
            for (int h = 0; h < heads; h++) {
                MemorySegment.copy(page(s), at(h, s) + 4 + 4L * states, page(s), at(h, s) + 4, 4L * states);
            }
        }
    }

    /** A head's first {@code count} slots. */
    KvSlots of(int head, int count, int tokens) {
        return new Slots(head, count, tokens);
    }

    private final class Slots implements KvSlots {
        private final int head;
        private final int count;
        private final int tokens;

        Slots(int head, int count, int tokens) {
            this.head = head;
            this.count = count;
            this.tokens = tokens;
        }

        private long stateAt(int slot, int i) {
            if (slot < 0 || slot >= count || i < 0 || i >= states) {
                throw new IndexOutOfBoundsException(
                        "kv slot=" + slot + " of " + count + ", state=" + i + " of " + states);
            }
            return at(head, slot) + 4 + 4L * i;
        }

        @Override
        public int count() {
            return count;
        }

        @Override
        public int position(int slot) {
            return SlotTable.this.position(head, slot);
        }

        @Override
        public int tokens() {
            return tokens;
        }

        @Override
        public int promptEnd() {
            return promptEnd;
        }

        @Override
        public float state(int slot, int i) {
            return page(slot).get(ValueLayout.JAVA_FLOAT_UNALIGNED, stateAt(slot, i));
        }

        @Override
        public void state(int slot, int i, float value) {
            page(slot).set(ValueLayout.JAVA_FLOAT_UNALIGNED, stateAt(slot, i), value);
        }
    }
}
