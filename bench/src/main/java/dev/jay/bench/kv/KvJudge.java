// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.SkillAnswers;
import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Perplexity;
import dev.jay.engine.Request;
import dev.jay.engine.Usage;
import dev.jay.engine.sample.Sampling;
import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.train.skill.ExamMode;
import dev.jay.train.skill.Skill;
import dev.jay.train.skill.SkillExam;
import dev.jay.train.skill.Skills;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Asks a model that keeps its keys and values by a recipe what it asks the same model with f16, and times both in turn.
 * Deterministic by seed, but for the speed.
 *
 * @param text   for the perplexity task; empty for none
 * @param tasks  names of skills
 * @param length tokens that are read, at most
 * @param items  questions of a task
 * @param runs   of the speed
 */
record KvJudge(
        Path model, String text, List<String> tasks, List<ExamMode> modes, int length, int items, long seed, int runs) {
    private static final String F16 = "keys=f16 values=f16";
    private static final String PERPLEXITY = "perplexity";
    private static final int FACTS = 32; // to choose from, at most
    private static final int ANSWER = 64; // tokens beyond those that are read
    private static final int DECODED = 16; // tokens, when speed is measured

    /**
     * What a recipe does on a task.
     *
     * @param mode    how the question came ({@link ExamMode})
     * @param quality its score of f16's; for perplexity exp(nll of f16 - nll)
     * @param bytes   at most, while the prompt runs too
     * @param kept    bytes of one sequence when its answer begins
     */
    record Row(
            String recipe,
            String task,
            String mode,
            double quality,
            long bytes,
            long kept,
            long fullBytes,
            double decodeRatio,
            double prefillRatio) {}

    /** @param recipes for this model */
    void run(Function<Model, List<String>> recipes, Consumer<Row> rows) throws IOException {
        try (Model full = open(F16)) {
            Map<Asked, Double> wanted = scores(full);
            for (String recipe : recipes.apply(full)) {
                try (Model kept = open(recipe.strip())) {
                    Speeds speed = speed(kept, full);
                    Map<Asked, Double> got = scores(kept);
                    got.forEach((asked, score) -> rows.accept(new Row(
                            recipe.strip(),
                            asked.task,
                            asked.mode,
                            quality(asked.task, score, wanted.get(asked)),
                            bytes(kept),
                            kept(kept),
                            bytes(full),
                            speed.decode,
                            speed.prefill)));
                }
            }
        }
    }

    /** One sequence at a time, whose pages are all there are. */
    private Model open(String recipe) throws IOException {
        return Model.open(
                model,
                ModelOptions.defaults()
                        .withContextLength(length + ANSWER)
                        .withParallel(1)
                        .withKvRecipe(recipe));
    }

    private static long bytes(Model of) {
        return of.plan().setAside().get("kv-pages");
    }

    /** When an answer begins: what was not forgotten of the prompt. */
    private long kept(Model of) {
        long pageBytes = bytes(of) / of.status().pages();
        List<KvRecipe> each = of.kvRecipes(Numerics.FAST);
        return pageBytes * KvCache.pagesBehindPrompt(length, of.spec().kvShape(), each, pageBytes);
    }

    private static double quality(String task, double score, double full) {
        if (task.equals(PERPLEXITY)) return Math.exp(full - score);
        return full == 0 ? Double.NaN : score / full; // nothing to lose
    }

    private record Asked(String task, String mode) {}

    /** The share of right answers, or nats a token. */
    private Map<Asked, Double> scores(Model of) {
        Map<Asked, Double> scores = new LinkedHashMap<>();
        if (!text.isEmpty()) {
            int chunk = Math.min(length, of.contextLength());
            Perplexity.Progress result =
                    Perplexity.measure(of, text, chunk, Perplexity.Method.AFTER_PROMPT, Numerics.FAST, p -> {});
            scores.put(new Asked(PERPLEXITY, "text"), result.sum() / result.scored());
        }
        int read = Math.min(length, SkillExam.longest(of.contextLength()));
        for (String task : tasks) {
            Skill skill = Skills.ALL.make(task);
            for (ExamMode mode : modes) {
                SkillExam exam = new SkillExam(seed, items, FACTS);
                int right = exam.right(skill, of.tokenizer(), read, mode, new SkillAnswers(of));
                scores.put(new Asked(task, mode.toString()), (double) right / items);
            }
        }
        return scores;
    }

    private record Speeds(double decode, double prefill) {}

    /** Medians of decode's and of prefill's speed as a share of the other's, run in turn. */
    private Speeds speed(Model kept, Model full) {
        double[] decode = new double[runs];
        double[] prefill = new double[runs];
        for (int run = -1; run < runs; run++) { // the first is to warm up
            Usage a = once(kept, run);
            Usage b = once(full, run);
            if (run < 0) continue;
            decode[run] = a.decodeTokensPerSecond() / b.decodeTokensPerSecond();
            prefill[run] = a.promptTokensPerSecond() / b.promptTokensPerSecond();
        }
        Arrays.sort(decode);
        Arrays.sort(prefill);
        return new Speeds(decode[runs / 2], prefill[runs / 2]);
    }

    /** Random tokens, others each time: nothing of them is known already. */
    private Usage once(Model of, int run) {
        Random random = new Random(seed + run);
        int[] prompt = random.ints(
                        Math.min(length, of.contextLength() - DECODED - 1),
                        0,
                        of.spec().vocabulary())
                .toArray();
        Request request = Request.of(prompt)
                .withSampling(Sampling.GREEDY)
                .withMaxTokens(DECODED)
                .withIgnoreEos(true)
                .withSharing(false);
        try (Generation generation = of.generate(request)) {
            generation.text();
            return generation.usage();
        }
    }
}
