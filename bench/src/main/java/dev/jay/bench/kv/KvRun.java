// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Candidate;
import dev.jay.bench.kv.KvJudge.Cell;
import dev.jay.bench.kv.KvJudge.Score;
import dev.jay.engine.Model;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A whole run: every candidate answers the questions of seed A; the best for each budget then answers, once, those of seed
 * B. How many questions there are is what fits into the time.
 *
 * @param items    of a task and mode, at most
 * @param minutes  that all may take
 * @param isChosen whether there is a second seed
 */
record KvRun(KvJudge judge, long seed, long judgeSeed, int items, double minutes, boolean isChosen) {
    private static final int MORE = 2; // times the items, where it is judged once
    private static final double FIRST = 0.85; // of the time, for the first seed

    /**
     * What came of it.
     *
     * @param full   f16's own scores with seed A
     * @param rows   of seed A
     * @param judged of seed B: those that were chosen; empty if nothing was
     * @param left   recipes that there was no time for
     */
    record Outcome(Map<Cell, Score> full, List<KvRow> rows, List<KvRow> judged, List<String> left) {}

    /** @param candidates for this model */
    Outcome run(Function<Model, List<Candidate>> candidates, Consumer<KvRow> watcher, KvProgress progress)
            throws IOException {
        try (Model full = judge.open(KvJudge.F16)) {
            List<Candidate> all = candidates.apply(full);
            int fitting = fitting(full, all, progress);
            Map<Cell, Score> wanted = judge.scores(full, seed, fitting);
            wanted.forEach((cell, score) -> {
                if (score.score() == 0) progress.say(cell.task() + " (" + cell.mode() + "): f16 itself: 0, left out");
            });
            List<KvRow> rows = new ArrayList<>();
            List<String> left = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                Candidate candidate = all.get(i);
                progress.at((double) i / all.size(), candidate.recipe());
                if (progress.seconds() > 60 * minutes * FIRST) {
                    left.add(candidate.recipe());
                    continue;
                }
                judge.judge(candidate, full, wanted, seed, fitting, row -> {
                    rows.add(row);
                    watcher.accept(row);
                });
            }
            progress.at(1, "all of seed " + seed);
            if (!left.isEmpty()) progress.say("no time for " + left.size() + " recipes, such as " + left.getFirst());
            List<KvRow> judged = isChosen ? again(full, rows, MORE * fitting, watcher, progress) : List.of();
            return new Outcome(wanted, List.copyOf(rows), judged, List.copyOf(left));
        }
    }

    /** What is best for each budget answers questions that had no part in choosing it. */
    private List<KvRow> again(Model full, List<KvRow> rows, int more, Consumer<KvRow> watcher, KvProgress progress)
            throws IOException {
        Set<Candidate> chosen = new LinkedHashSet<>();
        KvChoice.of(KvSummary.of(rows), judge.budgets())
                .values()
                .forEach(s -> chosen.add(new Candidate(s.recipe(), s.any().budget())));
        Map<Cell, Score> wanted = judge.scores(full, judgeSeed, more);
        List<KvRow> judged = new ArrayList<>();
        for (Candidate candidate : chosen) {
            progress.say("seed " + judgeSeed + ", chosen: " + candidate.recipe());
            judge.judge(candidate, full, wanted, judgeSeed, more, row -> {
                judged.add(row);
                watcher.accept(row);
            });
        }
        return List.copyOf(judged);
    }

    /** How many items there is time for, by one of each with a recipe that forgets, which reads every context anew. */
    private int fitting(Model full, List<Candidate> all, KvProgress progress) throws IOException {
        long begin = System.nanoTime();
        judge.scores(full, seed, 0);
        double text = (System.nanoTime() - begin) / 1e9;
        String forgets = KvJudge.F16 + " evict=window(budget=" + Math.max(1, judge.length() / 2) + ",recent=1,sinks=0)";
        double item;
        try (Model one = judge.open(forgets)) {
            begin = System.nanoTime();
            judge.withoutText().scores(one, judgeSeed, 1);
            item = (System.nanoTime() - begin) / 1e9;
        }
        int chosen = isChosen ? judge.budgets().size() + 1 : 0;
        double speeds = judge.runs() * 2 * item / Math.max(1, judge.cells().size());
        double fixed = (all.size() + chosen) * (text + speeds);
        double each = (all.size() + MORE * chosen) * item;
        int fitting = (int) Math.clamp((60 * minutes - fixed) / Math.max(1e-3, each), 1, items);
        double whole = fixed + fitting * each;
        progress.say(all.size() + " recipes, " + judge.cells().size() + " kinds of questions, " + fitting + " of each"
                + (fitting < items ? " (of at most " + items + ", to end in time)" : "") + ": about "
                + KvProgress.time(whole)
                + (whole > 60 * minutes
                        ? ", more than the " + minutes + " min that it may take: some recipes will be left out"
                        : ""));
        return fitting;
    }
}
