// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvExam.Asked;
import dev.jay.bench.kv.task.KvTask;
import dev.jay.bench.kv.task.KvTasks;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Perplexity;
import dev.jay.engine.plan.Judgement;
import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Asks a model that keeps its keys and values by a recipe what it asks the same model with f16, and times both in turn.
 * Deterministic by seed, but for the speed.
 *
 * @param text    for the perplexity task; empty for none
 * @param tasks   names of {@link KvTasks#ALL}
 * @param modes   of those tasks that know more than one
 * @param length  tokens that are read, at most
 * @param budgets percents of f16's bytes; a recipe that is not made for one is held for the least that it fits
 * @param runs    of the speed; 0: it is not measured
 * @param threads of each model
 */
record KvJudge(
        Path model,
        String text,
        List<String> tasks,
        List<KvMode> modes,
        List<Double> budgets,
        int length,
        int runs,
        int threads) {
    /** What everything is held against. */
    static final String F16 = "keys=f16 values=f16";

    private static final String TEXT = "text"; // the mode of perplexity

    /** A task in a mode. */
    record Cell(String task, String mode) {}

    /** What came of a cell, and of how many questions. */
    record Score(double score, int asked) {}

    /**
     * One that is held against f16.
     *
     * @param budget percent of f16's bytes that it was made for; 0 if it was not made for one
     */
    record Candidate(String recipe, double budget) {}

    KvJudge {
        tasks.forEach(KvTasks.ALL::make); // before anybody waits
    }

    /** All that comes of one recipe and seed. */
    int kinds() {
        return cells().size() + (text.isEmpty() ? 0 : 1);
    }

    /** The same, asked less: some tasks, and no text. */
    KvJudge withTasks(List<String> some) {
        return new KvJudge(model, "", some, modes, budgets, length, runs, threads);
    }

    /** The cells that questions come from. */
    List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (String task : tasks) {
            for (KvMode mode : modes(KvTasks.ALL.make(task))) cells.add(new Cell(task, mode.toString()));
        }
        return cells;
    }

    private List<KvMode> modes(KvTask task) {
        if (task.isWritten()) return List.of(KvMode.LONG);
        return modes.stream().filter(mode -> mode != KvMode.LONG).toList();
    }

    /** One sequence at a time, whose pages are all there are. */
    Model open(String recipe) throws IOException {
        ModelOptions options = ModelOptions.defaults()
                .withContextLength(length + KvExam.ROOM)
                .withParallel(1)
                .withKvRecipe(recipe);
        return Model.open(model, options.withThreads(threads));
    }

    /** All cells of a candidate, in their order. */
    void judge(Candidate candidate, Model full, Map<Cell, Score> wanted, long seed, int items, Consumer<KvRow> rows)
            throws IOException {
        String recipe = candidate.recipe;
        try (Model kept = open(recipe)) {
            KvSpeed speed = KvSpeed.of(kept, full, length, runs, seed);
            long keptBytes = kept(kept);
            double budget = candidate.budget > 0 ? candidate.budget : budget((double) keptBytes / pages(full));
            scores(kept, seed, items)
                    .forEach((cell, got) -> rows.accept(new KvRow(
                            recipe,
                            budget,
                            cell.task,
                            cell.mode,
                            got.score,
                            wanted.get(cell).score,
                            bytes(kept, full),
                            keptBytes,
                            pages(full),
                            speed.decode(),
                            speed.prefill(),
                            speed.energy(),
                            got.asked,
                            seed)));
        }
    }

    private double budget(double share) {
        return budgets.stream()
                .filter(percent -> fits(share, percent))
                .min(Double::compare)
                .orElse(100 * share);
    }

    /** Whether so many bytes of f16's are within a budget: a tenth more may be that pages are whole. */
    static boolean fits(double share, double percent) {
        return share <= percent / 100 * 1.1;
    }

    /** f16's own answers as rows, held against themselves. */
    static List<KvRow> rows(Model full, Map<Cell, Score> scores, long seed) {
        List<KvRow> rows = new ArrayList<>();
        scores.forEach((cell, s) -> rows.add(new KvRow(
                F16,
                100,
                cell.task,
                cell.mode,
                s.score,
                s.score,
                pages(full),
                kept(full),
                pages(full),
                1,
                1,
                1,
                s.asked,
                seed)));
        return rows;
    }

    /** The share of right answers, or nats a token. */
    Map<Cell, Score> scores(Model of, long seed, int items) throws IOException {
        Map<Cell, Score> scores = new LinkedHashMap<>();
        if (!text.isEmpty()) {
            int chunk = Math.min(length, of.contextLength());
            Perplexity.Progress result =
                    Perplexity.measure(of, text, chunk, Perplexity.Method.AFTER_PROMPT, Numerics.FAST, p -> {});
            scores.put(new Cell(Judgement.PERPLEXITY, TEXT), new Score(result.sum() / result.scored(), text.length()));
        }
        if (items == 0) return scores;
        try (KvBed bed = new KvBed(model, threads);
                KvReader reader = new KvReader(bed, of.kvRecipes(Numerics.FAST), of.tokenizer(), of.contextLength())) {
            ask(new Asked(of, reader), seed, items, scores);
        }
        return scores;
    }

    private void ask(Asked of, long seed, int items, Map<Cell, Score> scores) {
        KvExam exam = new KvExam(seed, items, Math.min(length, of.model().contextLength() - KvExam.ROOM));
        for (String name : tasks) {
            KvTask task = KvTasks.ALL.make(name);
            exam.ask(of, task, modes(task))
                    .forEach((mode, got) ->
                            scores.put(new Cell(name, mode.toString()), new Score(got.share(), got.asked())));
        }
    }

    private static long pages(Model of) {
        return of.plan().setAside().get("kv-pages");
    }

    /** f16's pages, and whatever a plan by the recipe sets aside more or less than f16's: it is the recipe's. */
    private static long bytes(Model kept, Model full) {
        long bytes = pages(full);
        for (long setAside : kept.plan().setAside().values()) bytes += setAside;
        for (long setAside : full.plan().setAside().values()) bytes -= setAside;
        return Math.max(0, bytes);
    }

    /** When an answer ends behind a prompt as long as can be: what was not forgotten. */
    private static long kept(Model of) {
        long pageBytes = pages(of) / of.status().pages();
        List<KvRecipe> each = of.kvRecipes(Numerics.FAST);
        return pageBytes
                * KvCache.pagesBehindPrompt(of.contextLength(), of.spec().kvShape(), each, pageBytes);
    }
}
