// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Adds to the logits of chosen tokens. */
record LogitBias() implements SamplingStep {
    static final Catalog.Entry<SamplingStep> ENTRY =
            new Catalog.Entry<>("logit-bias", "adds to the logits of chosen tokens", _ -> new LogitBias());

    @Override
    public boolean applies(Sampling s) {
        return !s.logitBias().isEmpty();
    }

    @Override
    public void apply(Sampling s, Candidates c, int[] history, int length) {
        for (Map.Entry<Integer, Float> bias : s.logitBias().entrySet()) c.logits[bias.getKey()] += bias.getValue();
    }
}
