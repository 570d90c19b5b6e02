// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

/** What queries spent on each slot, added up in its first state. */
final class Sums {
    private Sums() {}

    static void add(KvSlots slots, float[] spent) {
        for (int s = 0; s < slots.count(); s++) slots.state(s, 0, slots.state(s, 0) + spent[s]);
    }

    static void rank(KvSlots slots, float[] importance) {
        for (int s = 0; s < slots.count(); s++) importance[s] = slots.state(s, 0);
    }
}
