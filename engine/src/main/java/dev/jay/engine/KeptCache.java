// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.tensor.kernel.Numerics;

/**
 * What a conversation leaves in the KV pages between its turns. Idle ones give way, oldest first, when a waiting request
 * needs their pages: that costs recomputation and never changes an answer. Confined to the engine thread, as its fields
 * are; others only pass it on.
 */
final class KeptCache {
    SequenceCache cache; // null: nothing is kept
    int[] tokens = {};
    Numerics numerics;
    long lastUsed;
    boolean inUse;
    boolean dropped;

    boolean isIdle() {
        return cache != null && !inUse;
    }

    int pages() {
        return cache == null ? 0 : cache.pages();
    }

    void clear() {
        if (cache != null) cache.close();
        cache = null;
        tokens = new int[0];
    }
}
