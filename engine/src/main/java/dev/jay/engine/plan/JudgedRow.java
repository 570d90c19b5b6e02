// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

/**
 * What a way of keeping keys and values did on one task.
 *
 * @param recipe       as {@link dev.jay.kv.KvRecipe#parse} reads it
 * @param task         such as {@code needle}, or {@link Judgement#PERPLEXITY}
 * @param mode         how the question came
 * @param context      the most tokens that were read: what the recipe's budgets are a share of
 * @param items        how many questions were asked; for perplexity the characters of the text
 * @param seed         of the questions
 * @param quality      of f16's score on the same items; NaN where f16 had nothing to lose
 * @param bytes        at most, of one sequence
 * @param keptBytes    when its answer begins
 * @param fullBytes    what f16 takes
 * @param decodeRatio  decode's speed as a share of f16's
 * @param prefillRatio prefill's
 */
public record JudgedRow(
        String recipe,
        String task,
        String mode,
        int context,
        int items,
        long seed,
        double quality,
        long bytes,
        long keptBytes,
        long fullBytes,
        double decodeRatio,
        double prefillRatio) {
    /** Whether it answers the same: of two such the later one is believed. */
    boolean asksAs(JudgedRow other) {
        return recipe.equals(other.recipe)
                && task.equals(other.task)
                && mode.equals(other.mode)
                && context == other.context;
    }
}
