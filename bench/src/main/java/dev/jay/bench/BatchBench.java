// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.engine.EngineStatus;
import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.engine.schedule.PrefixOrder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What knowing all requests beforehand is worth: the same ones, the same memory, in two orders, in turn. */
@Command(
        name = "batch",
        mixinStandardHelpOptions = true,
        description = {
            "A batch of requests whose prompts share beginnings, given to one model in two ways, in turn: as they"
                + " come, first-come with a cache of prefixes that drops the least recently used; and as 'jay batch'"
                + " does, in the order that shares most. The memory is the same, and so are the answers' lengths.",
            "",
            "tokens/s counts the tokens of all prompts and answers, however few had to be run."
        },
        footer = {"", "Example:", "  jay bench batch m.gguf --requests 96 --prefixes 16 --prefix 192"})
public final class BatchBench implements Callable<Integer> {
    @Parameters(paramLabel = "MODEL", description = "The model's file.")
    private Path model;

    @Option(names = "--requests", defaultValue = "96", description = "How many (96).")
    private int requests;

    @Option(names = "--prefixes", defaultValue = "16", description = "Beginnings; each request has one (16).")
    private int prefixes;

    @Option(names = "--prefix", defaultValue = "192", description = "Tokens of a beginning (192).")
    private int prefix;

    @Option(names = "--own", defaultValue = "32", description = "Tokens of its own that a prompt ends with (32).")
    private int own;

    @Option(names = "--answer", defaultValue = "16", description = "Tokens of an answer (16).")
    private int answer;

    @Option(names = "--context", defaultValue = "512", description = "Of the model, as it is opened (512).")
    private int context;

    @Option(names = "--parallel", defaultValue = "4", description = "Answers of full length there is room for (4).")
    private int parallel;

    @Option(names = "--threads", defaultValue = "2", description = "(2).")
    private int threads;

    @Option(names = "--rounds", defaultValue = "3", description = "Of both, after one to warm up (3).")
    private int rounds;

    @Option(names = "--vocabulary", defaultValue = "4000", description = "Tokens are drawn below this (4000).")
    private int vocabulary;

    @Option(names = "--seed", defaultValue = "1", description = "Another one gives other prompts (1).")
    private long seed;

    @Override
    public Integer call() throws IOException {
        List<Request> shuffled = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(seed);
        List<int[]> beginnings = new ArrayList<>();
        for (int i = 0; i < prefixes; i++) beginnings.add(tokens(random, prefix));
        for (int i = 0; i < requests; i++) {
            int[] prompt = IntStream.concat(
                            Arrays.stream(beginnings.get(i % prefixes)), Arrays.stream(tokens(random, own)))
                    .toArray();
            shuffled.add(Request.of(prompt)
                    .withSampling(Sampling.GREEDY)
                    .withIgnoreEos(true)
                    .withMaxTokens(answer));
        }
        Collections.shuffle(shuffled, new Random(seed));
        List<Request> ordered = new ArrayList<>();
        int[] answers = new int[requests];
        Arrays.fill(answers, answer);
        for (int i : PrefixOrder.of(shuffled.stream().map(Request::prompt).toList(), answers))
            ordered.add(shuffled.get(i));

        double[] come = new double[rounds];
        double[] batch = new double[rounds];
        for (int round = -1; round < rounds; round++) {
            double a = run("first-come", shuffled);
            double b = run("in-order", ordered);
            if (round < 0) continue;
            come[round] = a;
            batch[round] = b;
        }
        Arrays.sort(come);
        Arrays.sort(batch);
        System.out.printf(
                Locale.ROOT,
                "medians: first-come %.1f tokens/s, batch %.1f tokens/s, ratio %.2f%n",
                come[rounds / 2],
                batch[rounds / 2],
                batch[rounds / 2] / come[rounds / 2]);
        return 0;
    }

    private int[] tokens(SplittableRandom random, int count) {
        return random.ints(count, vocabulary / 8, vocabulary).toArray();
    }

    /** Opened anew: nothing is known from before. Returns tokens a second. */
    private double run(String scheduler, List<Request> all) throws IOException {
        ModelOptions options = ModelOptions.defaults()
                .withContextLength(context)
                .withParallel(parallel)
                .withThreads(threads)
                .withQueueLimit(all.size())
                .withReplacement("least-recent")
                .withScheduler(scheduler);
        try (Model opened = Model.open(model, options)) {
            long began = System.nanoTime();
            List<Generation> inside = new ArrayList<>();
            for (Request each : all) inside.add(opened.generate(each));
            for (Generation each : inside) each.finish();
            double seconds = (System.nanoTime() - began) / 1e9;
            inside.forEach(Generation::close);
            EngineStatus status = opened.status();
            long tokens = (long) all.size() * (prefix + own + answer);
            System.out.printf(
                    Locale.ROOT,
                    "%-10s %6.2f s  %8.1f tokens/s  prompt tokens run %6d, known %6d  pages %d  kv at most %.1f MiB%n",
                    scheduler,
                    seconds,
                    tokens / seconds,
                    status.promptTokens(),
                    status.reusedTokens(),
                    status.pages(),
                    opened.memory().peakByPurpose().getOrDefault("kv-pages", 0L) / 1048576.0);
            return tokens / seconds;
        }
    }
}
