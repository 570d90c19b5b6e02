// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.start;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
            "'beside' is the most memory seen beyond the pages of FILE that are mapped (Linux; seen every few"
                + " milliseconds, in three runs of each command that are not timed, as looking holds a process up). So"
                + " FILE is in the page cache when time is taken. A command is split at spaces and given no shell."
                + " Medians; the ratio is of whole runs, to the last command's, since a first byte may be a greeting."
        },
        footer = {
            "",
            "Example:",
            "  jay bench start --file m.gguf './jay run m.gguf --prompt Hello --max-tokens 1' \\",
            "      'llama-completion -m m.gguf -no-cnv -n 1 --temp 0 -p Hello'"
        })
public final class StartBench implements Callable<Integer> {
    private static final int WATCHED = 3;

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
        List<List<OneStart>> watched = inTurn(WATCHED, Optional.of(file));
        List<List<OneStart>> timed = inTurn(runs, Optional.empty());
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                Locale.ROOT,
                "%10s %10s %10s %7s  %s%n",
                "first, s",
                "whole, s",
                "beside, MB",
                "ratio",
                "command (" + runs + " runs)");
        double last = median(timed.getLast(), OneStart::wholeSeconds);
        for (int c = 0; c < commands.size(); c++) {
            double whole = median(timed.get(c), OneStart::wholeSeconds);
            out.printf(
                    Locale.ROOT,
                    "%10.3f %10.3f %10.1f %7.2f  %s%n",
                    median(timed.get(c), OneStart::firstSeconds),
                    whole,
                    median(watched.get(c), one -> one.besideBytes() / 1e6),
                    whole / last,
                    commands.get(c));
        }
        out.flush();
        return 0;
    }

    private List<List<OneStart>> inTurn(int times, Optional<Path> file) throws IOException, InterruptedException {
        List<List<OneStart>> all = new ArrayList<>();
        for (String _ : commands) all.add(new ArrayList<>());
        for (int i = 0; i < times; i++) {
            for (int c = 0; c < commands.size(); c++) all.get(c).add(OneStart.of(commands.get(c), file));
        }
        return all;
    }

    private static double median(List<OneStart> runs, ToDoubleFunction<OneStart> of) {
        List<OneStart> sorted =
                runs.stream().sorted(Comparator.comparingDouble(of)).toList();
        return of.applyAsDouble(sorted.get(sorted.size() / 2));
    }
}
