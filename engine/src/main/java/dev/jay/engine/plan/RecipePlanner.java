// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.kv.KvRecipe;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongBiFunction;

/**
 * Chooses how keys and values are kept under a floor of quality: the best that makes what was wished for fit, and worse
 * ones, never below the floor, where it does not. Weights are read for every pass, or the context is shorter, only where
 * no recipe above the floor helps. A pure function of what was judged and of what the model takes.
 *
 * @param floor    the least quality, 0 to 1
 * @param curve    for the context that is wished for: each costs less than those before it and loses more; the first
 *                 loses nothing
 * @param wishes   what was asked for
 * @param planning plans the model with a recipe
 */
public record RecipePlanner(double floor, List<JudgedRecipe> curve, Wishes wishes, Planning planning) {
    private static final int LEAST_CONTEXT = 128;
    private static final long MIB = 1 << 20;

    /** Plans a model that keeps keys and values by a recipe. */
    @FunctionalInterface
    public interface Planning {
        /** Nothing where the model cannot be run with it. */
        Optional<Plan> plan(KvRecipe recipe, Wishes wishes);
    }

    /**
     * What was chosen.
     *
     * @param judged  what is known of it
     * @param recipe  with budgets for the context of the plan
     * @param plan    may not fit: then nothing above the floor does
     */
    public record Chosen(JudgedRecipe judged, KvRecipe recipe, Plan plan) {
        public int context() {
            return plan.setup().contextLength();
        }
    }

    /**
     * Those of which none is worse and dearer than another.
     *
     * @param bytes of one sequence of so many tokens
     */
    public static List<JudgedRecipe> curve(
            List<JudgedRecipe> judged, int tokens, ToLongBiFunction<KvRecipe, Integer> bytes) {
        List<JudgedRecipe> sorted = new ArrayList<>(judged);
        sorted.sort(Comparator.comparingDouble(JudgedRecipe::quality)
                .reversed()
                .thenComparing(j -> bytes.applyAsLong(j.at(tokens), tokens)));
        List<JudgedRecipe> curve = new ArrayList<>();
        long least = Long.MAX_VALUE;
        for (JudgedRecipe each : sorted) {
            long its = bytes.applyAsLong(each.at(tokens), tokens);
            if (its >= least) continue;
            curve.add(each);
            least = its;
        }
        return curve;
    }

    public boolean isAbove(JudgedRecipe judged) {
        return judged.quality() >= floor;
    }

    /** Where nothing fits, what needs least. */
    public Chosen choose() {
        Chosen least = null;
        for (boolean streamed : new boolean[] {false, true}) {
            for (int context : Planner.contexts(wishes, streamed)) {
                for (JudgedRecipe judged : curve) {
                    if (!isAbove(judged)) continue;
                    Chosen chosen = with(judged, context).orElse(null);
                    if (chosen == null) continue;
                    Plan plan = chosen.plan;
                    if (plan.fits() && (streamed || !plan.setup().streamed())) return chosen;
                    if (least == null || plan.neededBytes() < least.plan.neededBytes()) least = chosen;
                }
            }
        }
        if (least == null) throw new IllegalStateException("the model cannot be run with f16 keys and values");
        return least;
    }

    private Optional<Chosen> with(JudgedRecipe judged, int context) {
        KvRecipe recipe = judged.at(context);
        return planning.plan(recipe, wishes.withContext(context)).map(plan -> new Chosen(judged, recipe, plan));
    }

    /** How many sequences of a context fit with a recipe and the weights where a plan has them, at most {@code most}. */
    public int mostParallel(JudgedRecipe judged, Plan like, int most) {
        int context = like.setup().contextLength();
        KvRecipe recipe = judged.at(context);
        Wishes same = wishes.withContext(context);
        return Planner.largest(
                most,
                n -> planning.plan(recipe, same.withParallel(n))
                        .filter(p ->
                                p.fits() && p.setup().streamed() == like.setup().streamed())
                        .isPresent());
    }

    /** Why nothing above the floor fits, and which knob to turn how far. */
    public OutOfBudgetException refusal(Chosen least, String note) {
        Plan plan = least.plan;
        Setup s = plan.setup();
        StringBuilder text = new StringBuilder("no way of keeping keys and values fits that was judged --quality "
                + JudgedRecipes.told(floor) + " or more: budget=" + plan.budgetBytes()
                + " bytes beside Java's own, needed=" + plan.neededBytes() + " with '" + least.recipe
                + "' (quality " + JudgedRecipes.told(least.judged.quality()) + ") for a context of "
                + s.contextLength() + " and " + s.parallel() + " in parallel: raise --memory by "
                + Math.ceilDiv(plan.neededBytes() - plan.budgetBytes(), MIB) + " MiB");
        belowTheFloor(s.contextLength())
                .ifPresent(c -> text.append(", or lower --quality to ")
                        .append(JudgedRecipes.told(Math.floor(c.judged.quality() * 1e4) / 1e4))
                        .append(" ('")
                        .append(c.recipe)
                        .append("')"));
        int shorter = shorter(least.judged, s.contextLength());
        if (shorter > 0) text.append(", or --context to ").append(shorter);
        if (s.parallel() > 1) text.append(", or lower --parallel");
        return new OutOfBudgetException(text + (note.isEmpty() ? "" : "; " + note));
    }

    private Optional<Chosen> belowTheFloor(int context) {
        return curve.stream()
                .filter(judged -> !isAbove(judged))
                .flatMap(judged -> with(judged, context).stream())
                .filter(chosen -> chosen.plan.fits())
                .findFirst();
    }

    private int shorter(JudgedRecipe judged, int context) {
        for (int c = context / 2; c >= LEAST_CONTEXT; c /= 2) {
            if (with(judged, c).filter(chosen -> chosen.plan.fits()).isPresent()) return c;
        }
        return 0;
    }
}
