// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.kv.KvRecipe;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a {@link Judgement} says of each recipe. A recipe is judged if it answered all that the file asked at a context,
 * perplexity and one question that f16 could answer among it; its quality is the worst of that.
 *
 * @param judged  f16 first, which needs no judgement
 * @param skipped what the file has besides, and why it does not count
 */
public record JudgedRecipes(List<JudgedRecipe> judged, List<Skipped> skipped) {
    /** A recipe that is not taken. */
    public record Skipped(String recipe, String why) {}

    /** What there is before anything was judged. */
    public static final JudgedRecipes NONE = new JudgedRecipes(List.of(JudgedRecipe.FULL), List.of());

    private record Group(String recipe, int context) {}

    private record Cell(String task, String mode) {
        @Override
        public String toString() {
            return task + " (" + mode + ")";
        }
    }

    public JudgedRecipes {
        judged = List.copyOf(judged);
        skipped = List.copyOf(skipped);
    }

    public static JudgedRecipes of(Judgement judgement) {
        Map<Group, Map<Cell, JudgedRow>> groups = new LinkedHashMap<>();
        Map<Integer, Set<Cell>> asked = new LinkedHashMap<>();
        for (JudgedRow row : judgement.rows()) {
            Cell cell = new Cell(row.task(), row.mode());
            groups.computeIfAbsent(new Group(row.recipe(), row.context()), _ -> new LinkedHashMap<>())
                    .put(cell, row);
            asked.computeIfAbsent(row.context(), _ -> new LinkedHashSet<>()).add(cell);
        }
        List<JudgedRecipe> judged = new ArrayList<>(List.of(JudgedRecipe.FULL));
        List<Skipped> skipped = new ArrayList<>();
        groups.forEach((group, answers) -> {
            try {
                KvRecipe recipe = KvRecipe.parse(group.recipe);
                if (JudgedRecipe.isFull(recipe)) return;
                Set<Cell> missing = new LinkedHashSet<>(asked.get(group.context));
                missing.removeAll(answers.keySet());
                String why = whyNot(group, answers, missing);
                if (why.isEmpty()) judged.add(judged(recipe, group.context, answers));
                else skipped.add(new Skipped(group.recipe, why));
            } catch (IllegalArgumentException e) {
                skipped.add(new Skipped(group.recipe, e.getMessage()));
            }
        });
        return new JudgedRecipes(judged, skipped);
    }

    private static String whyNot(Group group, Map<Cell, JudgedRow> answers, Set<Cell> missing) {
        String at = " at " + group.context + " tokens";
        if (!missing.isEmpty()) return "was not asked for " + missing + at;
        boolean text = false;
        boolean questions = false;
        for (JudgedRow row : answers.values()) {
            boolean isText = row.task().equals(Judgement.PERPLEXITY);
            text |= isText && Double.isFinite(row.quality());
            questions |= !isText && Double.isFinite(row.quality());
        }
        if (!text) return "was judged without " + Judgement.PERPLEXITY + at;
        return questions ? "" : "was asked nothing that f16 answers" + at;
    }

    private static JudgedRecipe judged(KvRecipe recipe, int context, Map<Cell, JudgedRow> answers) {
        double quality = Double.POSITIVE_INFINITY;
        Cell worst = null;
        double decode = Double.NaN;
        for (Map.Entry<Cell, JudgedRow> answer : answers.entrySet()) {
            decode = answer.getValue().decodeRatio();
            double its = answer.getValue().quality(); // NaN: nothing to lose
            if (!(its < quality)) continue;
            quality = its;
            worst = answer.getKey();
        }
        return new JudgedRecipe(recipe, context, Math.min(1, quality), String.valueOf(worst), decode);
    }

    /** The recipes for a context, of each the worst that was said of it. */
    public List<JudgedRecipe> at(int tokens) {
        Map<KvRecipe, JudgedRecipe> worst = new LinkedHashMap<>();
        for (JudgedRecipe j : judged) worst.merge(j.at(tokens), j, (a, b) -> a.quality() <= b.quality() ? a : b);
        return List.copyOf(worst.values());
    }

    /**
     * What is known of a recipe at a context: the best of those that vouch for it.
     *
     * @return nothing if it was never judged
     */
    public Optional<JudgedRecipe> of(KvRecipe recipe, int tokens) {
        if (JudgedRecipe.isFull(recipe)) return Optional.of(JudgedRecipe.FULL);
        return at(tokens).stream()
                .filter(j -> j.vouchesFor(recipe, tokens))
                .max(Comparator.comparingDouble(JudgedRecipe::quality));
    }

    /** For messages: {@code 0.9800} is {@code 0.98}. */
    static String told(double quality) {
        return String.format(Locale.ROOT, "%.4f", quality).replaceFirst("0{1,3}$", "");
    }
}
