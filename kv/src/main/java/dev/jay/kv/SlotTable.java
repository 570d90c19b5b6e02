// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.evict.KvSlots;
import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Which token each slot of each head of a stream holds, and what its eviction remembers of it, in pages of the pool:
 * {@code [slot][head][position:int][state: floats][state before the pass: floats][merged: float]}, the last where tokens are
 * merged: what those weigh that were merged into this one. Where that counts in attention, biases lie in pages of their own.
 * Owns its pages.
 */
final class SlotTable {
    private final PagePool pool;
    private final PageList pages;
    private final int heads;
    private final int states;
    private final boolean merges;
    private final int entryBytes;
    private final int perPage; // slots
    private final SlotBiases biases; // null: a slot counts for one
    private int promptEnd;

    SlotTable(PagePool pool, int heads, KvRecipe recipe) {
        this.pool = pool;
        this.pages = new PageList(pool);
        this.heads = heads;
        this.states = recipe.eviction().orElseThrow().states();
        this.merges = recipe.merges();
        this.entryBytes = entryBytes(states, merges);
        this.perPage = perPage(heads, entryBytes, pool.pageBytes());
        this.biases = recipe.counts() ? new SlotBiases(pool, heads) : null;
    }

    private static int entryBytes(int states, boolean merges) {
        return 4 + 8 * states + (merges ? 4 : 0);
    }

    static int perPage(int heads, int entryBytes, long pageBytes) {
        long slots = pageBytes / ((long) heads * entryBytes);
        if (slots < 1) {
            throw new IllegalArgumentException("kv page has no room for a slot of " + heads + " heads: " + pageBytes);
        }
        return Math.toIntExact(slots);
    }

    /** Of a recipe that forgets. */
    static int pagesFor(int slots, int heads, KvRecipe recipe, long pageBytes) {
        int entryBytes = entryBytes(recipe.eviction().orElseThrow().states(), recipe.merges());
        return Math.ceilDiv(slots, perPage(heads, entryBytes, pageBytes))
                + (recipe.counts() ? SlotBiases.pagesFor(slots, heads, pageBytes) : 0);
    }

    void promptEnd(int position) {
        promptEnd = position;
    }

    /** From now on there are so many slots; new ones are to be {@link #begin begun}. */
    void resize(int slots) {
        int wanted = Math.ceilDiv(slots, perPage);
        if (wanted > pages.count()) pages.leaseTo(wanted);
        else pages.releaseTo(wanted);
        if (biases != null) biases.resize(slots);
    }

    int pageCount() {
        return pages.count() + (biases == null ? 0 : biases.pageCount());
    }

    /** Another's slots, copied; where prompts end is this one's own. */
    void take(SlotTable other) {
        pages.copy(other.pages);
        if (biases != null) biases.take(other.biases);
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
            if (biases != null) biases.set(h, slot, 0);
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
        if (biases != null) biases.set(head, slot, (float) StrictMath.log(1 + (double) weight));
    }

    /** What scores of slots [from, to) of a head are raised by, to {@code into} at a byte offset. */
    void biases(int head, int from, int to, MemorySegment into, long at) {
        if (biases == null) throw new IllegalStateException("kv slots here count for one each");
        biases.copy(head, from, to, into, at);
    }

    void move(int head, int from, int to) {
        MemorySegment.copy(page(from), at(head, from), page(to), at(head, to), entryBytes);
        if (biases != null) biases.move(head, from, to);
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

    /** A head's first {@code count} slots, whose rows are these. */
    KvSlots of(int head, int count, int tokens, PageTable rows) {
        return new Slots(head, count, tokens, rows);
    }

    private final class Slots implements KvSlots {
        private final int head;
        private final int count;
        private final int tokens;
        private final PageTable rows;

        Slots(int head, int count, int tokens, PageTable rows) {
            this.head = head;
            this.count = count;
            this.tokens = tokens;
            this.rows = rows;
        }

        private long stateAt(int slot, int i) {
            if (slot < 0 || slot >= count || i < 0 || i >= states) {
                throw new IndexOutOfBoundsException(
                        "kv slot=" + slot + " of " + count + ", state=" + i + " of " + states);
            }
            return at(head, slot) + 4 + 4L * i;
        }

        @Override
        public void add(int i, float[] values) {
            for (int from = 0; from < count; from += perPage) {
                MemorySegment page = page(from);
                long at = stateAt(from, i);
                for (int s = from; s < Math.min(count, from + perPage); s++, at += (long) heads * entryBytes) {
                    float state = page.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
                    page.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, state + values[s]);
                }
            }
        }

        @Override
        public float[] states(int i) {
            float[] states = new float[count];
            for (int from = 0; from < count; from += perPage) {
                MemorySegment page = page(from);
                long at = stateAt(from, i);
                for (int s = from; s < Math.min(count, from + perPage); s++, at += (long) heads * entryBytes) {
                    states[s] = page.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
                }
            }
            return states;
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
        public float weight(int slot) {
            return 1 + merged(head, slot);
        }

        @Override
        public int width() {
            return rows.keyWidth();
        }

        @Override
        public void key(int slot, float[] into, int at) {
            rows.key(slot, head, MemorySegment.ofArray(into), 4L * at);
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
