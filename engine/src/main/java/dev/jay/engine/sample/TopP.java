// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.tensor.Catalog;

/** Keeps the fewest likeliest tokens whose probabilities sum to at least p (nucleus sampling). */
record TopP() implements SamplingStep {
    static final Catalog.Entry<SamplingStep> ENTRY =
            new Catalog.Entry<>("top-p", "keeps the fewest tokens that hold this much probability", _ -> new TopP());

    private static final int FIRST = 64; // usually enough; four times as many are sorted until it is

    @Override
    public boolean applies(Sampling s) {
        return s.topP() < 1 && !s.isGreedy();
    }

    @Override
    public void apply(Sampling s, Candidates c, int[] history, int length) {
        double wanted = s.topP() * c.weigh();
        for (int k = Math.min(FIRST, c.size()); ; k = (int) Math.min(4L * k, c.size())) {
            c.sortBest(k);
            double sum = 0;
            for (int i = 0; i < k; i++) {
                sum += Math.exp((double) c.logits[i] - c.logits[0]);
                if (sum >= wanted) {
                    c.keep(i + 1);
                    return;
                }
            }
            if (k == c.size()) return; // rounding only: all of them together are all there is
        }
    }
}
