// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/** Keeps the tokens on which all queries so far have spent most, and the last ones (H2O). */
final class HeavyHitter implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "heavy-hitter",
            "budget=512 tokens with the largest sums of attention, the last recent=64 among them; every=128 (H2O)",
            HeavyHitter::new);

    private final Budget budget;

    private HeavyHitter(Args args) {
        this.budget = Budget.of("heavy-hitter", args, 128, 0, 64);
    }

    @Override
    public String name() {
        return "heavy-hitter(" + budget + ")";
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
        return 1;
    }

    @Override
    public void see(KvSlots slots, int query, float[] weights) {
        Sums.add(slots, weights);
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        Sums.rank(slots, importance);
    }
}
