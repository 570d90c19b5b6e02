// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.tensor.Catalog;

/** Keeps the k likeliest. */
record TopK() implements SamplingStep {
    static final Catalog.Entry<SamplingStep> ENTRY =
            new Catalog.Entry<>("top-k", "keeps the k likeliest tokens", _ -> new TopK());

    @Override
    public boolean applies(Sampling s) {
        return s.topK() > 0 && !s.isGreedy();
    }

    @Override
    public void apply(Sampling s, Candidates c, int[] history, int length) {
        if (s.topK() >= c.size()) return;
        c.sortBest(s.topK());
        c.keep(s.topK());
    }
}
