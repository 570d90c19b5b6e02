// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.tensor.Catalog;

/** Keeps tokens that are not too much less likely than the likeliest. */
record MinP() implements SamplingStep {
    static final Catalog.Entry<SamplingStep> ENTRY = new Catalog.Entry<>(
            "min-p", "keeps tokens at least this fraction as likely as the likeliest", _ -> new MinP());

    @Override
    public boolean applies(Sampling s) {
        return s.minP() > 0 && !s.isGreedy();
    }

    @Override
    public void apply(Sampling s, Candidates c, int[] history, int length) {
        c.keepFrom((float) (c.logits[c.best()] + Math.log(s.minP())));
    }
}
