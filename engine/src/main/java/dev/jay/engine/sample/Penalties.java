// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.tensor.Catalog;

/** Makes tokens of the window less likely: repetition first, then frequency and presence. */
record Penalties() implements SamplingStep {
    static final Catalog.Entry<SamplingStep> ENTRY = new Catalog.Entry<>(
            "penalties", "repetition, frequency and presence penalties over the last tokens", _ -> new Penalties());

    @Override
    public boolean applies(Sampling s) {
        return s.hasPenalties();
    }

    @Override
    public void apply(Sampling s, Candidates c, int[] history, int length) {
        int from = s.penaltyWindow() < 0 ? 0 : Math.max(0, length - s.penaltyWindow());
        for (int i = from; i < length; i++) c.counts[history[i]]++;
        for (int i = from; i < length; i++) {
            int token = history[i];
            int count = c.counts[token];
            if (count == 0) continue; // done already
            c.counts[token] = 0;
            double logit = c.logits[token];
            logit = logit > 0 ? logit / s.repetitionPenalty() : logit * s.repetitionPenalty();
            c.logits[token] = (float) (logit - count * s.frequencyPenalty() - s.presencePenalty());
        }
    }
}
