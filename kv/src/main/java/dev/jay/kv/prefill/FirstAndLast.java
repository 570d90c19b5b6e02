// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefill;

import dev.jay.kv.select.KvSelection;
import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/** Reads the first tokens and the last ones before its stretch: what every way that looks must beat. */
final class FirstAndLast implements KvPrefill {
    static final Catalog.Entry<KvPrefill> ENTRY = new Catalog.Entry<>(
            "window",
            "queries of a prompt read the first sinks=32 and the last window=512 tokens before their stretch of"
                    + " every=512",
            FirstAndLast::new);

    private final Stretches stretches;
    private final int sinks;
    private final int window;

    private FirstAndLast(Args args) {
        this.sinks = args.intOf("sinks", 32);
        this.window = args.intOf("window", 512);
        this.stretches = Stretches.of("window", args);
        if (sinks < 0 || window < 0) {
            throw new IllegalArgumentException(
                    "kv prefill window: sinks=" + sinks + ", window=" + window + ", allowed: 0 or more");
        }
    }

    @Override
    public String name() {
        return "window(" + stretches + ",sinks=" + sinks + ",window=" + window + ")";
    }

    @Override
    public Stretches stretches() {
        return stretches;
    }

    @Override
    public boolean looks() {
        return false;
    }

    @Override
    public void choose(PromptBlock block, boolean[] reads) {
        int first = Math.ceilDiv(sinks, KvSelection.UNIT);
        int last = block.count() - Math.ceilDiv(window, KvSelection.UNIT);
        for (int u = 0; u < block.count(); u++) reads[u] = u < first || u >= last;
    }
}
