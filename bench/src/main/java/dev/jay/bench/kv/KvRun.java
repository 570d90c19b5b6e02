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
            int each = items > 0 ? items : fitting(full, all, progress);
            KvRowsLog kept = log.isPresent() ? new KvRowsLog(log.get(), judge, each) : new KvRowsLog();
            Part part = new Part(full, seed, each, kept, watcher, progress);
            part.wanted().forEach((cell, score) -> {
                if (score.score() == 0) progress.say(cell.task() + " (" + cell.mode() + "): f16 itself: 0, left out");
            });
            List<String> left = part.judge(all, 60 * minutes * FIRST);
            if (!left.isEmpty()) {
                progress.say("no time for " + left.size() + " recipes, such as " + left.getFirst()
                        + (log.isPresent() ? "; the same command goes on with them" : ""));
            }
            boolean isLast = isChosen && (left.isEmpty() || log.isEmpty());
            List<KvRow> judged = List.of();
            if (isLast) {
                Part again = new Part(full, judgeSeed, MORE * each, kept, watcher, progress);
                again.judge(chosen(part.rows), Double.POSITIVE_INFINITY);
                judged = List.copyOf(again.rows);
            }
            return new Outcome(part.wanted(), List.copyOf(part.rows), judged, left);
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
            if (before.isEmpty()) for (KvRow row : KvJudge.rows(full, wanted, seed)) log.add(row);
        }

        Map<Cell, Score> wanted() {
            return wanted;
        }

        /** @return those that there was no time for */
        List<String> judge(List<Candidate> all, double seconds) throws IOException {
            List<String> left = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                Candidate candidate = all.get(i);
                List<KvRow> before = log.rows(candidate.recipe(), seed, judge.kinds());
                rows.addAll(before);
                if (!before.isEmpty()) continue;
                if (progress.seconds() > seconds) {
                    left.add(candidate.recipe());
                    continue;
                }
                progress.at((double) i / all.size(), "seed " + seed + ", " + candidate.recipe());
                judge.judge(candidate, full, wanted, seed, each, this::add);
            }
            return left;
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

    /** How many items there is time for, by one of each with a recipe that forgets, which reads every context anew. */
    private int fitting(Model full, List<Candidate> all, KvProgress progress) throws IOException {
        long begin = System.nanoTime();
        judge.scores(full, seed, 0);
        double text = (System.nanoTime() - begin) / 1e9;
        String forgets = KvJudge.F16 + " evict=window(budget=" + Math.max(1, judge.length() / 2) + ",recent=1,sinks=0)";
        double item;
        try (Model one = judge.open(forgets)) {
            judge.withoutText().scores(one, judgeSeed, 1); // code becomes fast
            begin = System.nanoTime();
            judge.withoutText().scores(one, judgeSeed, 1);
            item = (System.nanoTime() - begin) / 1e9;
        }
        int chosen = isChosen ? judge.budgets().size() + 1 : 0;
        double speeds = judge.runs() * 2 * item / Math.max(1, judge.cells().size());
        double fixed = (all.size() + chosen) * (text + speeds);
        double one = (all.size() + MORE * chosen) * item;
        int fitting = (int) Math.clamp((60 * minutes - fixed) / Math.max(1e-3, one), 1, MOST);
        double whole = fixed + fitting * one;
        progress.say(all.size() + " recipes, " + judge.cells().size() + " kinds of questions, " + fitting + " of each: "
                + "about " + KvProgress.time(whole)
                + (whole > 60 * minutes
                        ? ", more than the " + minutes + " min that it may take: some recipes will be left out"
                        : ""));
        return fitting;
    }
}
