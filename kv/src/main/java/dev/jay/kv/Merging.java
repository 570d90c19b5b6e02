// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.merge.KvMerge;
import dev.jay.kv.merge.KvParting;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Merges what a head is about to forget into what it keeps: rows that take something in are decoded, mixed and coded
 * again, the others stay as they are. In the order of slots, so the bits depend on nothing else.
 */
final class Merging implements KvParting {
    private final PageTable rows;
    private final SlotTable slots;
    private final KvStream shape;
    private final int head;
    private final int[] kept;
    private final int[] forgotten;
    private final float[] notes; // of heads

    Merging(PageTable rows, SlotTable slots, KvStream shape, int head, int[] kept, int there, float[] notes) {
        this.rows = rows;
        this.slots = slots;
        this.shape = shape;
        this.head = head;
        this.kept = kept;
        this.forgotten = others(kept, there);
        this.notes = notes;
    }

    private static int[] others(int[] some, int count) {
        int[] others = new int[count - some.length];
        int at = 0;
        int next = 0;
        for (int s = 0; s < count; s++) {
            if (next < some.length && some[next] == s) next++;
            else others[at++] = s;
        }
        return others;
    }

    void run(KvMerge merge) {
        int[] into = new int[forgotten.length];
        float[] weights = new float[forgotten.length];
        merge.match(this, into, weights);
        if (merge.counts()) for (int i = 0; i < into.length; i++) weights[i] *= 1 + slots.merged(head, forgotten[i]);
        mix(into, weights);
    }

    /** @param into for each slot another one, as {@link dev.jay.kv.evict.KvEviction#gather} says it */
    void gather(int[] into) {
        int[] targets = new int[forgotten.length];
        float[] weights = new float[forgotten.length];
        for (int i = 0; i < forgotten.length; i++) {
            int slot = forgotten[i];
            int k = -1;
            while (k < 0 && into[slot] != slot) {
                slot = into[slot];
                k = Arrays.binarySearch(kept, slot);
            }
            if (k < 0) continue;
            targets[i] = k;
            weights[i] = 1 + slots.merged(head, forgotten[i]);
        }
        mix(targets, weights);
    }

    private void mix(int[] into, float[] weights) {
        int[] starts = new int[kept.length + 1]; // of each kept slot's part of the order
        for (int k : into) starts[k + 1]++;
        for (int k = 0; k < kept.length; k++) starts[k + 1] += starts[k];
        int[] order = new int[into.length];
        int[] at = starts.clone();
        for (int i = 0; i < into.length; i++) order[at[into[i]]++] = i;
        Row row = new Row();
        for (int k = 0; k < kept.length; k++) {
            boolean any = false;
            for (int o = starts[k]; o < starts[k + 1]; o++) {
                int i = order[o];
                if (!(weights[i] > 0)) continue;
                if (!any) row.begin(kept[k]);
                any = true;
                row.add(forgotten[i], weights[i]);
            }
            if (any) row.end(kept[k]);
        }
    }

    /** A kept token's row on its way. */
    private final class Row {
        final float[] keys = new float[shape.keyWidth()];
        final float[] values = new float[shape.valueWidth()];
        final HeadRows decoded = new HeadRows(MemorySegment.ofArray(keys), 0, MemorySegment.ofArray(values), 0);
        final double[] keySums = new double[keys.length];
        final double[] valueSums = new double[values.length];
        double weight;

        void begin(int slot) {
            Arrays.fill(keySums, 0);
            Arrays.fill(valueSums, 0);
            weight = 0;
            add(slot, 1 + slots.merged(head, slot));
        }

        void add(int slot, float w) {
            rows.row(slot, head, decoded);
            for (int c = 0; c < keys.length; c++) keySums[c] += (double) w * keys[c];
            for (int c = 0; c < values.length; c++) valueSums[c] += (double) w * values[c];
            weight += w;
        }

        void end(int slot) {
            for (int c = 0; c < keys.length; c++) keys[c] = (float) (keySums[c] / weight);
            for (int c = 0; c < values.length; c++) values[c] = (float) (valueSums[c] / weight);
            rows.put(slot, head, decoded);
            slots.merged(head, slot, (float) (weight - 1));
        }
    }

    @Override
    public int[] kept() {
        return kept;
    }

    @Override
    public int[] forgotten() {
        return forgotten;
    }

    @Override
    public int position(int slot) {
        return slots.position(head, slot);
    }

    @Override
    public int width() {
        return shape.keyWidth();
    }

    @Override
    public void key(int slot, float[] into, int at) {
        rows.key(slot, head, MemorySegment.ofArray(into), (long) at * Floats.LAYOUT.byteSize());
    }

    @Override
    public float note() {
        return notes[head];
    }

    @Override
    public void note(float value) {
        notes[head] = value;
    }
}
