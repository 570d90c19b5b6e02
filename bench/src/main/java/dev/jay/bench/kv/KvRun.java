// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Candidate;
import dev.jay.bench.kv.KvJudge.Cell;
import dev.jay.bench.kv.KvJudge.Score;
import dev.jay.engine.Model;
import java.io.IOException;
import java.io.UncheckedIOException;
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
 * @param isChosen whether there is a second seed
 * @param log      where rows are kept, so that another run goes on with them
 */
record KvRun(
        KvJudge judge, long seed, long judgeSeed, int items, double minutes, boolean isChosen, Optional<Path> log) {
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
            Part part = new Part(full, seed, each, kept, watcher, progress);
            part.wanted().forEach((cell, score) -> {
                if (score.score() == 0) progress.say(cell.task() + " (" + cell.mode() + "): f16 itself: 0, left out");
            });
            boolean goesOn = isChosen && log.isEmpty(); // with what is chosen, whatever there was no time for
            List<String> left = part.judge(all, goesOn ? judge.budgets().size() + 1 : 0);
            if (!left.isEmpty()) {
                progress.say("no time for " + left.size() + " recipes, such as " + left.getFirst()
                        + (log.isPresent() ? "; the same command goes on with them" : ""));
            }
            if (!isChosen || !(goesOn || left.isEmpty())) return part.outcome(List.of(), left);
            List<Candidate> chosen = chosen(part.rows);
            int again = kept.items(judgeSeed).orElse(fitting(part, chosen.size(), progress));
            Part second = new Part(full, judgeSeed, again, kept, watcher, progress);
            List<String> unjudged = new ArrayList<>(left);
            for (String recipe : second.judge(chosen, 0)) {
                progress.say("chosen, but no time to judge it: " + recipe);
                unjudged.add(recipe);
            }
            return part.outcome(second.rows, unjudged);
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

    private double seconds() {
        return 60 * minutes;
    }

    /** All that is asked with one seed. */
    private final class Part {
        private final Model full;
        private final long seed;
        private final int each;
        private final KvRowsLog log;
        private final Consumer<KvRow> watcher;
        private final KvProgress progress;
        private final Map<Cell, Score> wanted;
        private final List<KvRow> rows = new ArrayList<>();
        private int done;
        private double took; // seconds, of those that were done

        Part(Model full, long seed, int each, KvRowsLog log, Consumer<KvRow> watcher, KvProgress progress)
                throws IOException {
            this.full = full;
            this.seed = seed;
            this.each = each;
            this.log = log;
            this.watcher = watcher;
            this.progress = progress;
            Map<Cell, Score> before = log.full(seed, judge.kinds());
            this.wanted = before.isEmpty() ? judge.scores(full, seed, each) : before;
            if (before.isEmpty()) {
                log.items(seed, each);
                for (KvRow row : KvJudge.rows(full, wanted, seed)) log.add(row);
            }
        }

        Map<Cell, Score> wanted() {
            return wanted;
        }

        /**
         * Until the clock says that another would not end in time.
         *
         * @param more recipes that are to be asked {@link #MORE} times as much behind these
         * @return those that there was no time for
         */
        List<String> judge(List<Candidate> all, int more) throws IOException {
            List<String> left = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                Candidate candidate = all.get(i);
                List<KvRow> before = log.rows(candidate.recipe(), seed, judge.kinds());
                rows.addAll(before);
                if (!before.isEmpty()) continue;
                double begin = progress.seconds();
                if (done > 0 && begin + (1 + MORE * more) * mean() > seconds() || begin > seconds()) {
                    left.add(candidate.recipe());
                    continue;
                }
                progress.at((double) i / all.size(), "seed " + seed + ", " + candidate.recipe());
                judge.judge(candidate, full, wanted, seed, each, this::add);
                took += progress.seconds() - begin;
                done++;
            }
            return left;
        }

        /** Seconds of a recipe; 0 where all were known. */
        double mean() {
            return done == 0 ? 0 : took / done;
        }

        Outcome outcome(List<KvRow> judged, List<String> left) {
            return new Outcome(wanted, List.copyOf(rows), List.copyOf(judged), left);
        }

        private void add(KvRow row) {
            rows.add(row);
            watcher.accept(row);
            try {
                log.add(row);
            } catch (IOException e) {
                throw new UncheckedIOException("--rows: the row cannot be kept", e);
            }
        }
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
        return once * (1 + (double) MORE * chosen / Math.max(1, all.size()));
    }

    /** How many items there is time for where those that were chosen are judged. */
    private int fitting(Part first, int chosen, KvProgress progress) {
        int wanted = MORE * first.each;
        if (first.mean() == 0) return wanted;
        double items = (seconds() - progress.seconds()) / ((chosen + 1) * first.mean() / first.each);
        int fitting = (int) Math.clamp(items, 1, wanted);
        if (fitting < wanted) progress.say("time to judge with " + fitting + " of each, not with " + wanted);
        return fitting;
    }
}
