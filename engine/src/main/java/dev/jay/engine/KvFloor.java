// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.JudgedRecipes;
import java.util.List;

/**
 * The floor that a model keeps: every sequence of every request keeps its keys and values by this recipe, or not at all.
 *
 * @param floor    the least quality that was allowed
 * @param recipe   how keys and values are kept, in both numerics modes
 * @param quality  of that recipe, where it was judged: the worst over tasks and modes
 * @param worst    where that was
 * @param judgedAt the most tokens that were read when it was judged; 0 for f16, which needs no judgement
 * @param judgedOn the model that was judged; empty: none was, and the recipe is f16
 * @param isOwn    whether that is this very model
 * @param note     what else there is to say; may be empty
 * @param skipped  recipes that do not count, and why
 */
public record KvFloor(
        double floor,
        String recipe,
        double quality,
        String worst,
        int judgedAt,
        String judgedOn,
        boolean isOwn,
        String note,
        List<JudgedRecipes.Skipped> skipped) {
    /**
     * One way of keeping keys and values, in order of what it loses.
     *
     * @param sequenceBytes of one sequence of the context
     * @param parallel      how many of them fit
     * @param decodeRatio   decode's speed as a share of f16's where it was judged; NaN: unknown
     */
    public record Point(
            String recipe,
            double quality,
            String worst,
            int judgedAt,
            long sequenceBytes,
            int parallel,
            double decodeRatio,
            boolean isAboveFloor,
            boolean isChosen) {}

    /** On what it was judged, for people. */
    public String judged() {
        if (judgedOn.isEmpty()) return "nothing was judged";
        return isOwn ? "judged on this model" : "judged on " + judgedOn + ", not on this model";
    }
}
