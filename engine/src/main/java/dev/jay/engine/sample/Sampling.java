// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import java.util.Map;
import java.util.OptionalLong;

/**
 * How the next token is chosen from the logits. Steps run in this order, each on what the one before left, as
 * transformers does: repetition, then frequency and presence penalties; logit bias; temperature; top-k; top-p; min-p;
 * draw. (llama.cpp has the same order but for the temperature, which it applies last.) Immutable; each {@code with}
 * returns a changed copy.
 *
 * @param temperature       logits are divided by it; 0: the likeliest token, the lowest id where several are
 * @param topK              only the k likeliest tokens; 0: all
 * @param topP              the fewest tokens whose probabilities sum to at least this; 1: all
 * @param minP              only tokens at least this fraction as likely as the likeliest; 0: all
 * @param repetitionPenalty a token of the window: logit / penalty if positive, logit * penalty if not; 1: none
 * @param penaltyWindow     last tokens (the prompt's among them) that penalties look at; -1: all of them; 0: none
 * @param frequencyPenalty  taken from a logit for each time its token stands in the window
 * @param presencePenalty   taken from a logit if its token stands in the window at all
 * @param seed              the same seed gives the same tokens, whatever runs beside; empty: the model draws one
 * @param logitBias         added to the logits of these tokens; -infinity forbids one
 */
public record Sampling(
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        int penaltyWindow,
        double frequencyPenalty,
        double presencePenalty,
        OptionalLong seed,
        Map<Integer, Float> logitBias) {
    private static final int WINDOW = 64;

    /** Always the likeliest token. */
    public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1, WINDOW, 0, 0, OptionalLong.empty(), Map.of());

    /** The distribution as the model gives it: temperature 1, nothing cut. */
    public static final Sampling PLAIN = GREEDY.withTemperature(1);

    /** For conversation: temperature 0.8, top-k 40, top-p 0.95, min-p 0.05. */
    public static final Sampling DEFAULT =
            new Sampling(0.8, 40, 0.95, 0.05, 1, WINDOW, 0, 0, OptionalLong.empty(), Map.of());

    /** @throws IllegalArgumentException naming the field, its value and what is allowed */
    public Sampling {
        check("temperature", temperature, 0, 100);
        if (topK < 0) throw wrong("topK", topK, "0 (all) or more");
        check("topP", topP, 0, 1);
        check("minP", minP, 0, 1);
        if (!(repetitionPenalty > 0 && repetitionPenalty <= 100)) {
            throw wrong("repetitionPenalty", repetitionPenalty, "more than 0, at most 100; 1 for none");
        }
        if (penaltyWindow < -1) throw wrong("penaltyWindow", penaltyWindow, "-1 (all tokens), 0 (none) or more");
        check("frequencyPenalty", frequencyPenalty, -100, 100);
        check("presencePenalty", presencePenalty, -100, 100);
        logitBias = Map.copyOf(logitBias);
        logitBias.forEach((token, bias) -> {
            if (token < 0) throw wrong("logitBias token", token, "0 or more");
            if (Float.isNaN(bias) || bias == Float.POSITIVE_INFINITY) {
                throw wrong("logitBias of token " + token, bias, "a finite number or -infinity");
            }
        });
    }

    public boolean isGreedy() {
        return temperature == 0;
    }

    public boolean hasPenalties() {
        return penaltyWindow != 0 && (repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0);
    }

    public Sampling withTemperature(double value) {
        return new Sampling(
                value,
                topK,
                topP,
                minP,
                repetitionPenalty,
                penaltyWindow,
                frequencyPenalty,
                presencePenalty,
                seed,
                logitBias);
    }

    public Sampling withTopK(int value) {
        return new Sampling(
                temperature,
                value,
                topP,
                minP,
                repetitionPenalty,
                penaltyWindow,
                frequencyPenalty,
                presencePenalty,
                seed,
                logitBias);
    }

    public Sampling withTopP(double value) {
        return new Sampling(
                temperature,
                topK,
                value,
                minP,
                repetitionPenalty,
                penaltyWindow,
                frequencyPenalty,
                presencePenalty,
                seed,
                logitBias);
    }

    public Sampling withMinP(double value) {
        return new Sampling(
                temperature,
                topK,
                topP,
                value,
                repetitionPenalty,
                penaltyWindow,
                frequencyPenalty,
                presencePenalty,
                seed,
                logitBias);
    }

    public Sampling withRepetitionPenalty(double value) {
        return new Sampling(
                temperature,
                topK,
                topP,
                minP,
                value,
                penaltyWindow,
                frequencyPenalty,
                presencePenalty,
                seed,
                logitBias);
    }

    public Sampling withPenaltyWindow(int tokens) {
        return new Sampling(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                tokens,
                frequencyPenalty,
                presencePenalty,
                seed,
                logitBias);
    }

    public Sampling withFrequencyPenalty(double value) {
        return new Sampling(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                penaltyWindow,
                value,
                presencePenalty,
                seed,
                logitBias);
    }

    public Sampling withPresencePenalty(double value) {
        return new Sampling(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                penaltyWindow,
                frequencyPenalty,
                value,
                seed,
                logitBias);
    }

    public Sampling withSeed(long value) {
        return new Sampling(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                penaltyWindow,
                frequencyPenalty,
                presencePenalty,
                OptionalLong.of(value),
                logitBias);
    }

    public Sampling withLogitBias(Map<Integer, Float> value) {
        return new Sampling(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                penaltyWindow,
                frequencyPenalty,
                presencePenalty,
                seed,
                value);
    }

    private static void check(String field, double value, double least, double most) {
        if (!(value >= least && value <= most))
            throw wrong(field, value, "from " + plain(least) + " to " + plain(most));
    }

    private static String plain(double v) {
        return Long.toString(Math.round(v));
    }

    private static IllegalArgumentException wrong(String field, Number value, String allowed) {
        return new IllegalArgumentException("sampling: " + field + "=" + value + ", allowed: " + allowed);
    }
}
