// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.engine.sample.grammar.TokenMask;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Chooses tokens for one sequence. Keeps no state between tokens: settings, seed and place decide. One thread at a time. */
public final class Sampler {
    private final Sampling sampling;
    private final long seed;
    private final Candidates candidates;
    private final SamplingStep[] steps;

    /**
     * @param seed       where {@code sampling} names none
     * @param candidates working space, borrowed; may be shared by samplers of one thread
     * @throws IllegalArgumentException if a biased token is not in the vocabulary
     */
    public Sampler(Sampling sampling, long seed, Candidates candidates) {
        check(sampling, candidates.vocabulary());
        this.sampling = sampling;
        this.seed = sampling.seed().orElse(seed);
        this.candidates = candidates;
        List<SamplingStep> applying = SamplingSteps.ALL.names().stream()
                .map(SamplingSteps.ALL::make)
                .filter(step -> step.applies(sampling))
                .toList();
        this.steps = applying.toArray(SamplingStep[]::new);
    }

    /** @throws IllegalArgumentException if a biased token is not in the vocabulary */
    public static void check(Sampling sampling, int vocabulary) {
        for (int token : sampling.logitBias().keySet()) {
            if (token >= vocabulary) {
                throw new IllegalArgumentException(
                        "sampling: logitBias token=" + token + ", allowed: 0 to " + (vocabulary - 1));
            }
        }
    }

    /** The same, with another seed where the settings name none. */
    public Sampler withSeed(long other) {
        return new Sampler(sampling, other, candidates);
    }

    public long seed() {
        return seed;
    }

    /**
     * Chooses the token that follows history[0..length).
     *
     * @param row logits[vocabulary], f32; left as it is
     * @throws IllegalStateException if the logits allow no choice: one is not a number, or all are -infinity
     */
    public int sample(MemorySegment row, int[] history, int length) {
        return sample(row, history, length, null);
    }

    /**
     * As {@link #sample(MemorySegment, int[], int)}, of the tokens that a grammar allows; all others are out before any
     * other step.
     *
     * @param mask null: all are allowed
     */
    public int sample(MemorySegment row, int[] history, int length, TokenMask mask) {
        if (mask == null && sampling.isGreedy() && steps.length == 0) {
            int best = candidates.best(row);
            return allowed(best, Floats.get(row, best));
        }
        if (mask == null) candidates.load(row);
        else candidates.load(row, mask);
        for (SamplingStep step : steps) step.apply(sampling, candidates, history, length);
        if (!sampling.isGreedy()) return draw(CounterRandom.unit(seed, length));
        int best = candidates.best();
        return allowed(candidates.tokens[best], candidates.logits[best]);
    }

    private static int allowed(int token, float logit) {
        if (logit == Float.NEGATIVE_INFINITY) {
            throw new IllegalStateException("no token is allowed: every logit is -infinity");
        }
        return token;
    }

    private int draw(double unit) {
        double left = unit * candidates.weigh();
        int last = 0;
        for (int i = 0; i < candidates.size(); i++) {
            if (candidates.weights[i] == 0) continue; // never drawn, not even by rounding
            last = i;
            left -= candidates.weights[i];
            if (left < 0) break;
        }
        return candidates.tokens[last];
    }
}
