// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.tensor.kernel.Numerics;
import java.util.Arrays;

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

    /** What is kept, as far as it agrees with the prompt, or an empty cache. At least one token is left to run. */
    SequenceCache takeUp(Sequence s, Forward forward) {
        if (inUse) throw new IllegalStateException("a conversation runs one answer at a time");
        inUse = true;
        if (cache == null || numerics != s.request.numerics()) {
            clear();
            cache = forward.open(s.request.numerics());
            numerics = s.request.numerics();
        } else {
            int most = Math.min(Math.min(tokens.length, cache.length()), s.promptLength() - 1);
            int common = 0;
            while (common < most && tokens[common] == s.tokens()[common]) common++;
            cache.takeBack(common);
        }
        return cache;
    }

    /** An answer that used it has ended: what it computed is kept. */
    void giveBack(Sequence s, long now) {
        inUse = false;
        lastUsed = now;
        tokens = Arrays.copyOf(s.tokens(), s.computed());
    }
}
