// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Candidate;
import dev.jay.bench.kv.KvJudge.Cell;
import dev.jay.bench.kv.KvJudge.Score;
import dev.jay.engine.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A whole run: every candidate answers the questions of seed A; the best for each budget then answers, once, those of seed
 * B.
 *
 * @param items    of a task and mode; 0: as many as there is time for
 * @param minutes  that all may take
 * @param atOnce   recipes that are asked at the same time
 * @param isChosen whether there is a second seed
 * @param log      where rows are kept, so that another run goes on with them
 */
record KvRun(
        KvJudge judge,
        long seed,
        long judgeSeed,
        int items,
        double minutes,
        int atOnce,
        boolean isChosen,
        Optional<Path> log) {
    private static final int MOST = 20; // items, unless the caller says
    private static final int MORE = 2; // times the items, where it is judged once

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
            KvRowsLog kept = log.isPresent() ? new KvRowsLog(log.get(), judge) : new KvRowsLog();
            int each = items(full, all, kept, progress);
            KvCrew first = new KvCrew(this, full, seed, each, kept, watcher, progress);
            first.wanted().forEach((cell, score) -> {
                if (score.score() == 0) progress.say(cell.task() + " (" + cell.mode() + "): f16 itself: 0, left out");
            });
            boolean goesOn = isChosen && log.isEmpty(); // with what is chosen, whatever there was no time for
            List<String> left = first.judge(all, goesOn ? again(judge.budgets().size() + 1) : 0);
            if (!left.isEmpty()) {
                progress.say("no time for " + left.size() + " recipes, such as " + left.getFirst()
                        + (log.isPresent() ? "; the same command goes on with them" : ""));
            }
            if (!isChosen || !(goesOn || left.isEmpty()))
                return new Outcome(first.wanted(), first.rows(), List.of(), left);
            List<Candidate> chosen = chosen(first.rows());
            int again = kept.items(judgeSeed).orElse(fitting(first, chosen.size(), progress));
            KvCrew second = new KvCrew(this, full, judgeSeed, again, kept, watcher, progress);
            List<String> unjudged = new ArrayList<>(left);
            for (String recipe : second.judge(chosen, 0)) {
                progress.say("chosen, but no time to judge it: " + recipe);
                unjudged.add(recipe);
            }
            return new Outcome(first.wanted(), first.rows(), second.rows(), unjudged);
        }
    }

    /** The best for each budget. */
    private List<Candidate> chosen(List<KvRow> rows) {
        Set<Candidate> chosen = new LinkedHashSet<>();
        KvChoice.of(KvSummary.of(rows), judge.budgets())
                .values()
                .forEach(s -> chosen.add(new Candidate(s.recipe(), s.any().budget())));
        return List.copyOf(chosen);
    }

    double seconds() {
        return 60 * minutes;
    }

    /** Times what one recipe takes, of so many that are asked once more, and more. */
    private double again(int chosen) {
        return (double) MORE * chosen / atOnce;
    }

    /** How many items: what was said, what those that are there were asked, or as many as there is time for. */
    private int items(Model full, List<Candidate> all, KvRowsLog kept, KvProgress progress) throws IOException {
        OptionalInt before = kept.items(seed);
        if (before.isPresent()) {
            if (items > 0 && items != before.getAsInt()) {
                throw new IllegalArgumentException("--items: got " + items + ", but the rows of " + log.orElseThrow()
                        + " are of " + before.getAsInt() + ": leave it out, or name another file");
            }
            return before.getAsInt();
        }
        if (items > 0) return items;
        KvCosts costs = new KvCosts(judge, full, all, judgeSeed);
        double left = seconds() - progress.seconds();
        int fitting = 1;
        while (fitting < MOST && whole(costs, all, fitting + 1) <= left) fitting++;
        double whole = whole(costs, all, fitting);
        progress.say(all.size() + " recipes, " + judge.cells().size() + " kinds of questions, " + fitting
                + " of each: about " + KvProgress.time(whole)
                + (whole > left ? ", more than there is of " + minutes + " min: some recipes will be left out" : ""));
        return fitting;
    }

    /** Seconds, with those that are chosen: one for each budget, and f16 itself. */
    private double whole(KvCosts costs, List<Candidate> all, int each) {
        double once = all.stream().mapToDouble(c -> costs.seconds(c, each)).sum();
        int chosen = isChosen ? judge.budgets().size() + 1 : 0;
        return once / atOnce * (1 + (double) MORE * chosen / Math.max(1, all.size()));
    }

    /** How many items there is time for where those that were chosen are judged. */
    private int fitting(KvCrew first, int chosen, KvProgress progress) {
        int wanted = MORE * first.each();
        if (first.mean() == 0) return wanted;
        double items = atOnce * (seconds() - progress.seconds()) / ((chosen + 1) * first.mean() / first.each());
        int fitting = (int) Math.clamp(items, 1, wanted);
        if (fitting < wanted) progress.say("time to judge with " + fitting + " of each, not with " + wanted);
        return fitting;
    }
}
