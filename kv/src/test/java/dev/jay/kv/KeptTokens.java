// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.evict.KvSlots;
import dev.jay.kv.merge.KvParting;
import java.util.ArrayList;
import java.util.List;

/** What heads hold, in lists: what the definition of forgetting shows to evictions and merges. */
final class KeptTokens {
    private KeptTokens() {}

    /** One token of one head. */
    static final class Slot {
        final int position;
        final float[] states = new float[2];
        float[] key;
        float[] value;
        float merged; // what was merged into it weighs

        Slot(int position, float[] key, float[] value) {
            this.position = position;
            this.key = key;
            this.value = value;
        }
    }

    /** What is there of a head. */
    static final class Kept {
        final List<Slot> slots = new ArrayList<>();
        float note = Float.NaN;
    }

    record Slots(List<Slot> of, int tokens, int promptEnd) implements KvSlots {
        @Override
        public int count() {
            return of.size();
        }

        @Override
        public int position(int slot) {
            return of.get(slot).position;
        }

        @Override
        public float weight(int slot) {
            return 1 + of.get(slot).merged;
        }

        @Override
        public int width() {
            return AttentionTrial.STREAM.keyWidth();
        }

        @Override
        public void key(int slot, float[] into, int at) {
            System.arraycopy(of.get(slot).key, 0, into, at, width());
        }

        @Override
        public float state(int slot, int i) {
            return of.get(slot).states[i];
        }

        @Override
        public void state(int slot, int i, float value) {
            of.get(slot).states[i] = value;
        }
    }

    record Parting(Kept of, int[] kept, int[] forgotten) implements KvParting {
        @Override
        public int position(int slot) {
            return of.slots.get(slot).position;
        }

        @Override
        public int width() {
            return AttentionTrial.STREAM.keyWidth();
        }

        @Override
        public void key(int slot, float[] into, int at) {
            System.arraycopy(of.slots.get(slot).key, 0, into, at, width());
        }

        @Override
        public float note() {
            return of.note;
        }

        @Override
        public void note(float value) {
            of.note = value;
        }
    }
}
