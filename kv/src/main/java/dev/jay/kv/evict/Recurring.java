// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/**
 * Keeps tokens that may be looked at again: for each it remembers when it last was, and the longest pause before that. One
 * that has been left alone for less than its longest pause may still come back (LazyEviction, row 50). States: the last
 * time, counted from 1, and the longest pause.
 */
final class Recurring implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "recurring",
            "budget=512 tokens by when they were last looked at (a weight over alpha=2 of an even share) and the"
                    + " longest pause before, the last recent=64 among them; every=64 (LazyEviction)",
            Recurring::new);

    private final Budget budget;
    private final float alpha;

    private Recurring(Args args) {
        this.alpha = (float) args.doubleOf("alpha", 2);
        this.budget = Budget.of("recurring", args, 64, 4, 64);
        if (!(alpha > 0))
            throw new IllegalArgumentException("kv eviction recurring: alpha=" + alpha + ", allowed: more than 0");
    }

    @Override
    public String name() {
        return "recurring(" + budget + ",alpha=" + alpha + ")";
    }

    @Override
    public Budget budget() {
        return budget;
    }

    @Override
    public int watches() {
        return Integer.MAX_VALUE;
    }

    @Override
    public int states() {
        return 2;
    }

    @Override
    public void see(KvSlots slots, int query, float[] weights) {
        float least = alpha / slots.count();
        for (int s = 0; s < slots.count(); s++) {
            if (!(weights[s] > least)) continue;
            float last = slots.state(s, 0) == 0 ? slots.position(s) + 1 : slots.state(s, 0);
            slots.state(s, 1, Math.max(slots.state(s, 1), query + 1 - last));
            slots.state(s, 0, query + 1);
        }
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        for (int s = 0; s < slots.count(); s++) {
            double last = slots.state(s, 0) == 0 ? slots.position(s) + 1 : slots.state(s, 0);
            double pause = Math.max(1, slots.state(s, 1));
            double again = sigmoid(-(slots.tokens() - last) / pause);
            importance[s] = (float) (2 * again + 2 * sigmoid(-1 / pause));
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }
}
