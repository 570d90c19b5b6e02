// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

/** What queries spent on each slot, added up in its first state. */
final class Sums {
    private Sums() {}

    static void add(KvSlots slots, float[] spent) {
        slots.add(0, spent);
    }

    static void rank(KvSlots slots, float[] importance) {
        for (int s = 0; s < slots.count(); s++) importance[s] = slots.state(s, 0);
    }
}
