// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

/** One step between logits and the draw: changes logits, or leaves fewer candidates, never none. Keeps no state. */
interface SamplingStep {
    /** Whether it would do anything with these settings. */
    boolean applies(Sampling sampling);

    /** @param history tokens before the place, [0, length) of it */
    void apply(Sampling sampling, Candidates candidates, int[] history, int length);
}
