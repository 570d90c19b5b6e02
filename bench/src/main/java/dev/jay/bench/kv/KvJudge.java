// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Perplexity;
import dev.jay.engine.Request;
import dev.jay.engine.Usage;
import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.kernel.Numerics;
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
record KvJudge(Path model, String text, List<String> tasks, int length, int items, long seed, int runs) {
    private static final String F16 = "keys=f16 values=f16";
    private static final int FACTS = 32; // to choose from, at most
    private static final int ANSWER = 64; // tokens beyond those that are read
    private static final int DECODED = 16; // tokens, when speed is measured

    /**
     * What a recipe does on a task.
     *
     * @param mode    {@code single}: one question on a context
     * @param quality its score of f16's; for perplexity exp(nll of f16 - nll)
     */
    record Row(
            String recipe,
            String task,
            String mode,
            double quality,
            long bytes,
            long fullBytes,
            double decodeRatio,
            double prefillRatio) {}

    void run(List<String> recipes, Consumer<Row> rows) throws IOException {
        try (Model full = open(F16)) {
            Map<String, Double> wanted = scores(full);
            for (String recipe : recipes) {
                try (Model kept = open(recipe.strip())) {
                    double[] speed = speed(kept, full);
                    Map<String, Double> got = scores(kept);
                    got.forEach((task, score) -> rows.accept(new Row(
                            recipe.strip(),
                            task,
                            "single",
                            quality(task, score, wanted.get(task)),
                            bytes(kept),
                            bytes(full),
                            speed[0],
                            speed[1])));
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

    private static double quality(String task, double score, double full) {
        if (task.equals("perplexity")) return Math.exp(full - score);
        return full == 0 ? Double.NaN : score / full; // nothing to lose
    }

    /** By task: the share of right answers, or nats a token. */
    private Map<String, Double> scores(Model of) {
        Map<String, Double> scores = new LinkedHashMap<>();
        if (!text.isEmpty()) {
            int chunk = Math.min(length, of.contextLength());
            Perplexity.Progress result =
                    Perplexity.measure(of, text, chunk, Perplexity.Method.EVERY_TOKEN, Numerics.FAST, p -> {});
            scores.put("perplexity", result.sum() / result.scored());
        }
        int read = Math.min(length, SkillExam.longest(of.contextLength()));
        for (String task : tasks) {
            Skill skill = Skills.ALL.make(task);
            int right = new SkillExam(seed, items, FACTS).right(skill, of.tokenizer(), read, (prompt, most) -> {
                Request request = Request.of(prompt)
                        .withSampling(Sampling.GREEDY)
                        .withMaxTokens(most)
                        .withStops("\n");
                try (Generation generation = of.generate(request)) {
                    return generation.text();
                }
            });
            scores.put(task, (double) right / items);
        }
        return scores;
    }

    /** Medians of decode's and of prefill's speed as a share of the other's, run in turn. */
    private double[] speed(Model kept, Model full) {
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
        return new double[] {decode[runs / 2], prefill[runs / 2]};
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
