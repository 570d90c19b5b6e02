// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvEviction;
import dev.jay.kv.filter.KvFilter;
import dev.jay.kv.select.KvSelection;
import java.util.Optional;

/**
 * What a way of keeping keys and values is worth.
 *
 * @param recipe      with budgets for {@code context}
 * @param context     the most tokens that were read when it was judged; 0 where that is all the same
 * @param quality     the worst of all that was asked, at most 1
 * @param worst       where that was
 * @param decodeRatio decode's speed as a share of f16's; NaN where it was not measured
 */
public record JudgedRecipe(KvRecipe recipe, int context, double quality, String worst, double decodeRatio) {
    /** What all others are held against. */
    public static final JudgedRecipe FULL =
            new JudgedRecipe(KvRecipe.parse("keys=f16 values=f16"), 0, 1, "by definition", 1);

    private static final String BUDGET = "budget=[0-9]+";

    /**
     * The recipe that keeps, or reads, at least the same share of every sequence of up to so many tokens: budgets grow
     * with a longer context and stay as they are with a shorter one.
     */
    public KvRecipe at(int tokens) {
        Optional<Budget> budget = Budget.of(recipe);
        if (budget.isEmpty() || tokens <= context) return recipe;
        long grown = Math.ceilDiv((long) budget.get().tokens * tokens, context);
        grown = Math.min(grown, Math.max(budget.get().tokens, tokens)); // more than there is says nothing
        long whole = Math.ceilDiv(grown, budget.get().unit) * budget.get().unit;
        return KvRecipe.parse(budget.get().with(whole));
    }

    /**
     * Whether what was judged vouches for another recipe at a context: the same in all, and with a budget at least as
     * large as {@link #at} wants.
     */
    boolean vouchesFor(KvRecipe other, int tokens) {
        if (!spelled(recipe).equals(spelled(other))) return false;
        Optional<Budget> given = Budget.of(other);
        if (given.isEmpty()) return true;
        return given.get().tokens >= Budget.of(at(tokens)).orElseThrow().tokens;
    }

    /** Whether nothing of a sequence is lost that f16 would keep. */
    static boolean isFull(KvRecipe recipe) {
        return recipe.eviction().isEmpty()
                && recipe.selection().isEmpty()
                && recipe.filter().isEmpty()
                && !recipe.readsLessOfPrompts()
                && isFull(recipe.keys().name())
                && isFull(recipe.values().name());
    }

    private static boolean isFull(String codec) {
        return codec.equals("f16") || codec.equals("f32");
    }

    /** Every choice with all its parameters, but for the budget. */
    private static String spelled(KvRecipe recipe) {
        StringBuilder all = new StringBuilder();
        for (String part : recipe.toString().split(" ")) {
            String axis = part.substring(0, part.indexOf('=') + 1);
            all.append(' ').append(axis);
            all.append(
                    switch (axis) {
                        case "keys=" -> recipe.keys().name();
                        case "values=" -> recipe.values().name();
                        case "evict=" -> recipe.eviction().orElseThrow().name().replaceFirst(BUDGET, "");
                        case "select=" ->
                            recipe.selection()
                                    .orElseThrow()
                                    .name()
                                    .replaceFirst(recipe.filter().isEmpty() ? BUDGET : "^$", "");
                        case "prefill=" -> recipe.prefill().orElseThrow().name();
                        case "filter=" -> recipe.filter().orElseThrow().name().replaceFirst(BUDGET, "");
                        default -> part.substring(axis.length());
                    });
        }
        return all.toString();
    }

    /** How many tokens a recipe keeps or reads, where it says so. */
    private record Budget(KvRecipe of, int tokens, int unit, String axis, String name) {
        static Optional<Budget> of(KvRecipe recipe) {
            Optional<Budget> evicts = recipe.eviction()
                    .map((KvEviction e) -> new Budget(recipe, e.budget().tokens(), 1, "evict=", e.name()));
            Optional<Budget> filters = recipe.filter()
                    .map((KvFilter f) -> new Budget(recipe, f.passing().tokens(), 1, "filter=", f.name()));
            return evicts.or(() -> filters)
                    .or(() -> recipe.selection()
                            .map((KvSelection s) ->
                                    new Budget(recipe, s.reading().tokens(), KvSelection.UNIT, "select=", s.name())));
        }

        /** What depends on the budget unless it is said grows with it. */
        String with(long tokens) {
            StringBuilder all = new StringBuilder();
            for (String part : of.toString().split(" ")) {
                String said = part.startsWith(axis) && !part.matches(".*" + BUDGET + ".*") ? axis + name : part;
                all.append(all.isEmpty() ? "" : " ");
                all.append(part.startsWith(axis) ? said.replaceFirst(BUDGET, "budget=" + tokens) : said);
            }
            return all.toString();
        }
    }
}
