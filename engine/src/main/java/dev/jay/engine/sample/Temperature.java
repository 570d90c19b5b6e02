// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.tensor.Catalog;

/** Divides logits: below 1 the likely become likelier, above 1 less so. */
record Temperature() implements SamplingStep {
    static final Catalog.Entry<SamplingStep> ENTRY =
            new Catalog.Entry<>("temperature", "divides every logit", _ -> new Temperature());

    @Override
    public boolean applies(Sampling s) {
        return s.temperature() != 1 && !s.isGreedy();
    }

    @Override
    public void apply(Sampling s, Candidates c, int[] history, int length) {
        // Shifted first: a tiny temperature must not make two likely tokens overflow to the same infinity.
        double greatest = c.logits[c.best()];
        if (greatest == Double.NEGATIVE_INFINITY) return; // the draw says what is wrong
        for (int i = 0; i < c.size(); i++) c.logits[i] = (float) ((c.logits[i] - greatest) / s.temperature());
    }
}
