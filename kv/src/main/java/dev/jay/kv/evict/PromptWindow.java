// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/**
 * Keeps what the last queries look at, and its neighbours: what they spent on a token is replaced by the largest of its
 * surroundings before tokens are compared, so that clusters stay whole (SnapKV). At the end of a prompt those queries are
 * the question, so what it keeps answers this one and perhaps no other.
 */
final class PromptWindow implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "prompt-window",
            "budget=512 tokens that the last window=32 queries spend most on, smoothed over pool=7; every=0: where a"
                    + " prompt ends (SnapKV)",
            PromptWindow::new);

    private final Budget budget;
    private final int window;
    private final int pool;

    private PromptWindow(Args args) {
        this.window = args.intOf("window", 32);
        this.pool = args.intOf("pool", 7);
        this.budget = Budget.of("prompt-window", args, 0, 0, Math.min(window, 32));
        if (window < 1 || pool < 1 || pool % 2 == 0) {
            throw new IllegalArgumentException("kv eviction prompt-window: window=" + window + ", pool=" + pool
                    + ", allowed: window 1 or more, pool an odd number");
        }
    }

    @Override
    public String name() {
        return "prompt-window(" + budget + ",window=" + window + ",pool=" + pool + ")";
    }

    @Override
    public Budget budget() {
        return budget;
    }

    @Override
    public int watches() {
        return window;
    }

    @Override
    public int states() {
        return 1;
    }

    @Override
    public void see(KvSlots slots, int query, float[] weights) {
        Sums.add(slots, weights);
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        float[] sums = slots.states(0);
        for (int s = 0; s < slots.count(); s++) {
            float most = 0;
            int end = Math.min(slots.count(), s + pool / 2 + 1);
            for (int n = Math.max(0, s - pool / 2); n < end; n++) most = Math.max(most, sums[n]);
            importance[s] = most;
        }
        for (int s = 0; s < slots.count(); s++) slots.state(s, 0, 0); // the next question is another one
    }
}
