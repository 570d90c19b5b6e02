// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.engine.plan.Judgement;

/**
 * What a recipe does on a task.
 *
 * @param budget       percent of f16's bytes that it is meant for
 * @param mode         how the question came ({@link KvMode}); {@code text} for perplexity
 * @param score        the share of right answers; for perplexity nats a token
 * @param fullScore    f16's on the same items
 * @param bytes        at most, while the prompt runs too: f16's, and what a plan by the recipe sets aside more or less
 * @param kept         bytes of one sequence of a whole context, once its prompt was read
 * @param fullBytes    what f16 takes
 * @param decodeRatio  decode's speed as a share of f16's; NaN where it was not measured, as the next two
 * @param prefillRatio prefill's
 * @param energyRatio  joules of both together; NaN where the machine does not tell
 * @param asked        how many answers were asked for; for perplexity characters of text
 */
record KvRow(
        String recipe,
        double budget,
        String task,
        String mode,
        double score,
        double fullScore,
        long bytes,
        long kept,
        long fullBytes,
        double decodeRatio,
        double prefillRatio,
        double energyRatio,
        int asked,
        long seed) {
    /** Where f16 has less than this right, what is lost of it says little. */
    static final double FIRM = 0.5;

    /** Of f16's score; for perplexity exp(nll of f16 - nll). NaN where f16 itself has nothing right: nothing to lose. */
    double quality() {
        if (isText()) return Math.exp(fullScore - score);
        return fullScore == 0 ? Double.NaN : score / fullScore;
    }

    /** What means take of it. */
    double counted() {
        return Math.min(1, quality());
    }

    /** Whether means and choices go by it. */
    boolean counts() {
        return isText() || fullScore >= FIRM;
    }

    boolean isText() {
        return task.equals(Judgement.PERPLEXITY);
    }

    /** Of f16's bytes, once the prompt was read. */
    double keptShare() {
        return (double) kept / fullBytes;
    }

    /** Of f16's bytes, at most. */
    double share() {
        return (double) bytes / fullBytes;
    }
}
