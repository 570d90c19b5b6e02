// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Candidate;
import dev.jay.bench.kv.KvJudge.Cell;
import dev.jay.bench.kv.KvJudge.Score;
import dev.jay.engine.Model;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * All that is asked with one seed, of several recipes at once: a small model gives many threads too little to do, so each
 * recipe has a few for itself, and for the f16 that it is timed in turn with. Rows are kept as they come, and told in the
 * order of the recipes.
 */
final class KvCrew {
    private final KvRun run;
    private final long seed;
    private final int each;
    private final KvRowsLog log;
    private final Consumer<KvRow> watcher;
    private final KvProgress progress;
    private final Map<Cell, Score> wanted;
    private final Map<Candidate, List<KvRow>> asked = new LinkedHashMap<>(); // in order; null: not yet
    private final List<Candidate> waiting = new ArrayList<>();
    private final List<Candidate> left = new ArrayList<>();
    private int begun;
    private int told;
    private int done;
    private double took; // seconds, of those that were done

    /**
     * @param full answers first, unless it did before
     * @param each contexts of a task
     */
    KvCrew(KvRun run, Model full, long seed, int each, KvRowsLog log, Consumer<KvRow> watcher, KvProgress progress)
            throws IOException {
        this.run = run;
        this.seed = seed;
        this.each = each;
        this.log = log;
        this.watcher = watcher;
        this.progress = progress;
        Map<Cell, Score> before = log.full(seed, run.judge().kinds());
        this.wanted = before.isEmpty() ? run.judge().scores(full, seed, each) : before;
        if (before.isEmpty()) {
            log.items(seed, each);
            for (KvRow row : KvJudge.rows(full, wanted, seed)) log.add(row);
        }
    }

    /** f16's own scores. */
    Map<Cell, Score> wanted() {
        return wanted;
    }

    int each() {
        return each;
    }

    /**
     * Until the clock says that another would not end in time.
     *
     * @param more seconds for each that a recipe takes, which are to be left behind these
     * @return those that there was no time for
     */
    List<String> judge(List<Candidate> all, double more) throws IOException {
        for (Candidate c : all) {
            List<KvRow> before = log.rows(c.recipe(), seed, run.judge().kinds());
            if (asked.put(c, before.isEmpty() ? null : before) == null && before.isEmpty()) waiting.add(c);
        }
        try (ExecutorService crew = Executors.newFixedThreadPool(run.atOnce())) {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < Math.min(run.atOnce(), waiting.size()); i++) {
                workers.add(crew.submit(() -> {
                    work(more);
                    return null;
                }));
            }
            for (Future<?> worker : workers) end(worker);
        }
        return left.stream().map(Candidate::recipe).toList();
    }

    private void end(Future<?> worker) throws IOException {
        try {
            worker.get();
        } catch (ExecutionException e) {
            drop();
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException other -> throw other;
                case Throwable other -> throw new IllegalStateException(other);
            }
        } catch (InterruptedException e) {
            drop();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("ended while recipes were judged", e);
        }
    }

    /** What nobody began is not begun. */
    private synchronized void drop() {
        begun = waiting.size();
    }

    private void work(double more) throws IOException {
        try (Model full = run.judge().open(KvJudge.F16)) {
            for (Candidate c = next(more); c != null; c = next(more)) {
                double begin = progress.seconds();
                List<KvRow> rows = new ArrayList<>();
                run.judge().judge(c, full, wanted, seed, each, rows::add);
                keep(c, rows, progress.seconds() - begin);
            }
        }
    }

    private synchronized Candidate next(double more) {
        while (begun < waiting.size()) {
            Candidate c = waiting.get(begun++);
            double now = progress.seconds();
            if (done > 0 && now + (1 + more) * mean() > run.seconds() || now > run.seconds()) {
                left.add(c);
                asked.put(c, List.of());
                continue;
            }
            progress.at((double) (begun - 1) / waiting.size(), "seed " + seed + ", " + c.recipe());
            return c;
        }
        return null;
    }

    private synchronized void keep(Candidate c, List<KvRow> rows, double seconds) throws IOException {
        asked.put(c, rows);
        took += seconds;
        done++;
        for (KvRow row : rows) log.add(row);
        for (; told < waiting.size() && asked.get(waiting.get(told)) != null; told++) {
            asked.get(waiting.get(told)).forEach(watcher);
        }
    }

    /** Seconds of a recipe, of which several are asked at once; 0 where all were known. */
    synchronized double mean() {
        return done == 0 ? 0 : took / done;
    }

    /** Of all recipes that were asked, in order. */
    List<KvRow> rows() {
        return asked.values().stream().flatMap(List::stream).toList();
    }
}
