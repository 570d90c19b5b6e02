// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.select.KvSelections;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What was published of ways to keep keys and values, beside what a run shows of it. An effect whose recipes were not run
 * is left out.
 *
 * @param effect  what was published
 * @param recipe  what shows it or does not
 * @param figure  what came of it
 * @param isShown whether that is what was published
 */
record KvEffects(String effect, String recipe, String figure, boolean isShown) {
    private static final double BUDGET = 25; // percent, where members are compared
    private static final double LOST = 20; // points, from one turn to the next
    private static final double KEPT = 3;
    private static final float LARGE = 16; // times
    private static final double GAIN = 0.7; // of the error, what row 118 wants recovered at least
    private static final String TURN_1 = KvMode.SINGLE.toString();
    private static final String TURN_2 = KvMode.SECOND_TURN.toString();

    static List<KvEffects> of(List<KvSummary> all) {
        List<KvEffects> effects = new ArrayList<>();
        better(
                effects,
                all,
                "keys by channel beat keys by token at 2 bits (row 59)",
                "keys=per-channel(bits=2) values=per-token(bits=2)",
                "keys=per-token(bits=2) values=per-token(bits=2)");
        same(
                effects,
                all,
                "rotation gains nothing where no channel stands out (row 118)",
                "keys=rotated(bits=4) values=per-token(bits=4)",
                "keys=per-token(bits=4) values=per-token(bits=4)");
        for (KvSummary s : all) turns(effects, s);
        for (String name : KvEvictions.ALL.names()) random(effects, all, "evict", name);
        for (String name : KvSelections.ALL.names()) random(effects, all, "select", name);
        return List.copyOf(effects);
    }

    /** What codecs make of the keys of a text, and of the same with a channel that is large in every token. */
    static List<KvEffects> of(KvKeys keys) {
        KvKeys larger = keys.withLarge(0, LARGE);
        String channel = "keys=per-channel(bits=2)";
        String token = "keys=per-token(bits=2)";
        String plain = "keys=per-token(bits=4)";
        String turned = "keys=rotated(bits=4)";
        double byChannel = error(keys, channel, keys);
        double byToken = error(keys, token, keys);
        double straight = error(keys, plain, keys);
        double rotated = error(keys, turned, keys);
        double straightLarge = error(larger, plain, keys);
        double rotatedLarge = error(larger, turned, keys);
        String sizes = String.format(
                Locale.ROOT,
                ": largest channel %.1f of the median one's size, a channel's distance from 0 %.1f of how it varies",
                keys.largest(),
                keys.offset());
        return List.of(
                new KvEffects(
                        "keys by channel are nearer to what they were than by token, at 2 bits (row 59)",
                        channel,
                        beside(byChannel, byToken) + sizes,
                        byChannel < byToken),
                new KvEffects(
                        "and so are the scores of the model's own queries",
                        channel,
                        beside(score(keys, channel), score(keys, token)),
                        score(keys, channel) < score(keys, token)),
                new KvEffects(
                        "rotation gains nothing where no channel stands out (row 118)",
                        turned,
                        beside(rotated, straight),
                        rotated > straight * GAIN),
                new KvEffects(
                        "and much where one does: one pair " + (int) LARGE + " times as large (row 118)",
                        turned,
                        beside(rotatedLarge, straightLarge),
                        rotatedLarge < straightLarge * (1 - GAIN)));
    }

    private static double error(KvKeys keys, String recipe, KvKeys before) {
        return keys.error(recipe.substring("keys=".length()), before);
    }

    private static double score(KvKeys keys, String recipe) {
        return keys.scoreError(recipe.substring("keys=".length()));
    }

    private static String beside(double one, double other) {
        return String.format(Locale.ROOT, "squared error %.4f beside %.4f of the variance", one, other);
    }

    private static Optional<KvSummary> find(List<KvSummary> all, String recipe) {
        return all.stream().filter(s -> s.recipe().equals(recipe)).findFirst();
    }

    private static void better(List<KvEffects> to, List<KvSummary> all, String effect, String one, String other) {
        Optional<KvSummary> a = find(all, one);
        Optional<KvSummary> b = find(all, other);
        if (a.isEmpty() || b.isEmpty()) return;
        boolean isBetter = a.get().quality() > b.get().quality();
        to.add(new KvEffects(effect, one, figures(a.get(), b.get()), isBetter));
    }

    private static void same(List<KvEffects> to, List<KvSummary> all, String effect, String one, String other) {
        Optional<KvSummary> a = find(all, one);
        Optional<KvSummary> b = find(all, other);
        if (a.isEmpty() || b.isEmpty()) return;
        boolean isSame = Math.abs(a.get().quality() - b.get().quality()) < KEPT / 100;
        to.add(new KvEffects(effect, one, figures(a.get(), b.get()), isSame));
    }

    private static String figures(KvSummary a, KvSummary b) {
        return "perplexity " + told(a.perplexity()) + " beside " + told(b.perplexity()) + ", recall " + told(a.recall())
                + " beside " + told(b.recall());
    }

    private static String told(OptionalDouble value) {
        return value.isEmpty() ? "none" : String.format(Locale.ROOT, "%.3f", value.getAsDouble());
    }

    /** What is lost from the first question of a conversation to the second, beside what f16 loses. */
    private static void turns(List<KvEffects> to, KvSummary s) {
        OptionalDouble first = lost(s, TURN_1);
        OptionalDouble second = lost(s, TURN_2);
        if (first.isEmpty() || second.isEmpty()) return;
        double more = second.getAsDouble() - first.getAsDouble();
        KvRecipe recipe = KvRecipe.parse(s.recipe());
        String figure = String.format(Locale.ROOT, "%.0f points lost from turn 1 to turn 2", more);
        boolean isAsked = recipe.eviction().filter(e -> e.watches() > 0).isPresent();
        if (isAsked
                && s.any().budget() == BUDGET
                && recipe.eviction().get().budget().every() == 0) {
            to.add(new KvEffects(
                    "what forgets by the question loses 20 points and more (row 34)",
                    s.recipe(),
                    figure,
                    more >= LOST));
        } else if (recipe.selection().isPresent() && isCompared(s)) {
            to.add(new KvEffects("what selects from all does not (row 34)", s.recipe(), figure, more < LOST));
        } else if (keepsAll(recipe)) {
            to.add(new KvEffects("fewer bits lose 3 points at most (row 34)", s.recipe(), figure, more <= KEPT));
        }
    }

    /** And reads it all, wherever a question stands. */
    private static boolean keepsAll(KvRecipe recipe) {
        return recipe.eviction().isEmpty()
                && recipe.selection().isEmpty()
                && recipe.filter().isEmpty()
                && recipe.prefill().isEmpty();
    }

    /** A selection keeps all, so one that the caller names is held for no budget. */
    private static boolean isCompared(KvSummary s) {
        return s.any().budget() == BUDGET || s.any().budget() >= 100;
    }

    /** Points of a hundred less than f16. */
    private static OptionalDouble lost(KvSummary s, String mode) {
        return s.rows().stream()
                .filter(row -> row.counts() && !row.isText() && row.mode().equals(mode))
                .mapToDouble(row -> 100 * (row.fullScore() - row.score()))
                .average();
    }

    /** A member beside random at the same budget: by the kind of question where it is furthest ahead. */
    private static void random(List<KvEffects> to, List<KvSummary> all, String axis, String name) {
        if (name.equals("random")) return;
        Optional<KvSummary> its = plain(all, axis, name);
        Optional<KvSummary> chance = plain(all, axis, "random");
        if (its.isEmpty() || chance.isEmpty()) return;
        double most = Double.NEGATIVE_INFINITY;
        String where = "";
        for (KvRow row : its.get().rows()) {
            if (!row.counts()) continue;
            for (KvRow other : chance.get().rows()) {
                if (!other.task().equals(row.task()) || !other.mode().equals(row.mode())) continue;
                double ahead = row.counted() - other.counted();
                if (ahead <= most) continue;
                most = ahead;
                where = String.format(
                        Locale.ROOT,
                        "%s (%s): %.3f beside %.3f",
                        row.task(),
                        row.mode(),
                        row.counted(),
                        other.counted());
            }
        }
        to.add(new KvEffects("beats random where it is best", its.get().recipe(), where, most > 0));
    }

    /** The member by itself, at the budget where they are compared. */
    private static Optional<KvSummary> plain(List<KvSummary> all, String axis, String name) {
        return all.stream()
                .filter(s -> s.any().budget() == BUDGET
                        && s.recipe().startsWith(KvJudge.F16 + " " + axis + "=" + name + "(")
                        && s.recipe().split(" ").length == 3)
                .findFirst();
    }
}
