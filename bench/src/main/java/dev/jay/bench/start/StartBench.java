// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.start;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** How soon whole processes answer, and what memory they take beside the file they read. */
@Command(
        name = "start",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Starts commands in turn and times each from outside: until it writes the first byte to standard output,"
                    + " and until it has ended.",
            "",
            "'beside' is the most memory seen in a run beyond the pages of FILE that are mapped (Linux; seen every few"
                + " milliseconds). A command is split at spaces and given no shell. Every command runs once before it"
                + " counts, so FILE is in the page cache. Medians; the ratio is to the last command."
        },
        footer = {
            "",
            "Example:",
            "  jay bench start --file m.gguf './jay run m.gguf --prompt Hello --max-tokens 1' \\",
            "      'llama-completion -m m.gguf -no-cnv -n 1 --temp 0 -p Hello'"
        })
public final class StartBench implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--file", paramLabel = "FILE", required = true, description = "The model, mapped by the commands.")
    private Path file;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Of each command (default: ${DEFAULT-VALUE}).",
            defaultValue = "11")
    private int runs;

    @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "What to start.")
    private List<String> commands = List.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<List<OneStart>> all = new ArrayList<>();
        for (String _ : commands) all.add(new ArrayList<>());
        for (int i = 0; i <= runs; i++) {
            for (int c = 0; c < commands.size(); c++) {
                OneStart one = OneStart.of(commands.get(c), file);
                if (i > 0) all.get(c).add(one);
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                Locale.ROOT,
                "%10s %10s %10s %7s  %s%n",
                "first, s",
                "whole, s",
                "beside, MB",
                "ratio",
                "command (" + runs + " runs)");
        double last = median(all.getLast(), OneStart::firstSeconds);
        for (int c = 0; c < commands.size(); c++) {
            double first = median(all.get(c), OneStart::firstSeconds);
            out.printf(
                    Locale.ROOT,
                    "%10.3f %10.3f %10.1f %7.2f  %s%n",
                    first,
                    median(all.get(c), OneStart::wholeSeconds),
                    median(all.get(c), one -> one.besideBytes() / 1e6),
                    first / last,
                    commands.get(c));
        }
        out.flush();
        return 0;
    }

    private static double median(List<OneStart> runs, ToDoubleFunction<OneStart> of) {
        List<OneStart> sorted =
                runs.stream().sorted(Comparator.comparingDouble(of)).toList();
        return of.applyAsDouble(sorted.get(sorted.size() / 2));
    }
}
