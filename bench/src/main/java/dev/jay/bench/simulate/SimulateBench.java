// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.simulate;

import dev.jay.bench.Misuse;
import dev.jay.engine.EngineStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What the scheduler would do with a recorded load, in seconds of this machine for hours of the load's. */
@Command(
        name = "simulate",
        mixinStandardHelpOptions = true,
        description = "Replays a trace through the real engine on a simulated clock; no model is needed. Prints prompt"
                + " tokens run (prefill) beside those of the prompts' trie (unique: the least), tokens reused, answers"
                + " that gave way, and how long requests waited for their first token (TTFT: mean and p95).",
        footer = {
            "",
            "Example:",
            "  jay bench simulate mooncake_trace.jsonl --pages 2000,20000 --schedulers first-come,batch"
        })
public final class SimulateBench implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "TRACE", description = "JSON lines: Mooncake's, or ShareGPT's of LLMServingSim.")
    private Path trace;

    @Option(names = "--requests", defaultValue = "1000", description = "At most so many of it (1000).")
    private int requests;

    @Option(names = "--scale", defaultValue = "64", description = "Tokens of the trace that are one here (64).")
    private int scale;

    @Option(names = "--pages", split = ",", defaultValue = "1000,10000,100000", description = "Pages of memory.")
    private List<Integer> pages;

    @Option(names = "--page-tokens", defaultValue = "8", description = "Tokens of a page (8).")
    private int pageTokens;

    @Option(names = "--step-tokens", defaultValue = "64", description = "Tokens of a step (64).")
    private int stepTokens;

    @Option(names = "--step-ms", defaultValue = "10", description = "What every step takes (10).")
    private double stepMillis;

    @Option(
            names = "--token-ms",
            defaultValue = "1",
            description = "What every token of a step takes, however many stand before it (1).")
    private double tokenMillis;

    @Option(
            names = "--schedulers",
            split = ",",
            defaultValue = "first-come,shortest-first,fair,batch",
            description = "Policies; batch: all are known beforehand and run in the order of their prefixes.")
    private List<String> schedulers;

    @Option(names = "--admission", defaultValue = "promise", description = "As for jay serve (promise).")
    private String admission;

    @Override
    public Integer call() throws IOException {
        return Misuse.told(spec, this::simulate);
    }

    private void simulate() throws IOException {
        Trace read = Trace.read(trace, scale, requests);
        System.out.printf(
                "%d requests, tokens of the trace that are one here: %d%n",
                read.arrivals().size(), scale);
        System.out.printf(
                "%-14s %8s %10s %10s %6s %10s %9s %9s %9s %9s %9s%n",
                "scheduler",
                "pages",
                "prefill",
                "unique",
                "ratio",
                "reused",
                "decoded",
                "preempted",
                "TTFT s",
                "p95 s",
                "all s");
        for (int count : pages) {
            Simulation.Machine machine = new Simulation.Machine(
                    count, pageTokens, stepTokens, (long) (stepMillis * 1e6), (long) (tokenMillis * 1e6));
            for (String scheduler : schedulers) {
                boolean batch = scheduler.equals("batch");
                Simulation.Policies policies =
                        new Simulation.Policies(batch ? "in-order" : scheduler, admission, "least-recent");
                print(scheduler, Simulation.run(read, machine, policies, batch));
            }
        }
    }

    private static void print(String scheduler, Simulation.Result r) {
        EngineStatus s = r.status();
        System.out.printf(
                Locale.ROOT,
                "%-14s %8d %10d %10d %6.3f %10d %9d %9d %9.2f %9.2f %9.0f%n",
                scheduler,
                s.pages(),
                s.promptTokens(),
                r.uniqueTokens(),
                (double) s.promptTokens() / r.uniqueTokens(),
                s.reusedTokens(),
                s.decodedTokens(),
                s.preempted(),
                r.meanFirstToken(),
                r.p95FirstToken(),
                r.seconds());
    }
}
