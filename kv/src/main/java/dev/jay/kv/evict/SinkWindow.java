// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/** Keeps the first tokens, on which heads that look for nothing spend their attention, and the last (StreamingLLM). */
final class SinkWindow implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "window", "the first sinks=4 and the last tokens, budget=512 in all; every=128", SinkWindow::new);

    private final Budget budget;

    private SinkWindow(Args args) {
        this.budget = Budget.of("window", args, 128, 4, 0);
    }

    @Override
    public String name() {
        return "window(" + budget + ")";
    }

    @Override
    public Budget budget() {
        return budget;
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        for (int s = 0; s < slots.count(); s++) importance[s] = slots.position(s);
    }
}
