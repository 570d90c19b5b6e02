// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/**
 * Up to the end of a prompt it keeps what was looked at most, as heavy-hitter does; from there on that stays, and what an
 * answer adds is forgotten again as soon as it is not among the last tokens (Elastic Cache, row 57: what lies at a fixed
 * distance from the end goes). Meant to go with {@code merge=nearest}. States: the sum, and whether the token is an anchor.
 */
final class Anchors implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "anchors",
            "budget=512 tokens: of prompts those with the largest sums of attention, of an answer the last recent=25;"
                    + " every=64 (Elastic Cache, with merge=nearest)",
            Anchors::new);

    private final Budget budget;

    private Anchors(Args args) {
        this.budget = Budget.of("anchors", args, 64, 4, 25);
    }

    @Override
    public String name() {
        return "anchors(" + budget + ")";
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
        if (query < slots.promptEnd()) Sums.add(slots, weights);
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        if (slots.tokens() <= slots.promptEnd()) {
            Sums.rank(slots, importance);
            for (int s = 0; s < slots.count(); s++) {
                boolean isAnchor = slots.position(s) < slots.tokens() - budget.recent();
                slots.state(s, 1, isAnchor ? 1 : 0);
            }
            return;
        }
        for (int s = 0; s < slots.count(); s++) importance[s] = slots.state(s, 1);
    }
}
