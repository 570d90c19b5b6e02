// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/** Forgets tokens at random, by their positions: what every other way must beat. */
final class RandomTokens implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "random",
            "budget=512 tokens at random, the first sinks=4 and the last recent=32 among them; every=128",
            RandomTokens::new);

    private final Budget budget;
    private final int seed;

    private RandomTokens(Args args) {
        this.seed = args.intOf("seed", 1);
        this.budget = Budget.of("random", args, 128, 4, 32);
    }

    @Override
    public String name() {
        return "random(" + budget + ",seed=" + seed + ")";
    }

    @Override
    public Budget budget() {
        return budget;
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        for (int s = 0; s < slots.count(); s++) importance[s] = Noise.uniform(seed, slots.position(s));
    }
}
