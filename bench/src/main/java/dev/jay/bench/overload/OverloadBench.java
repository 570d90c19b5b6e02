// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.overload;

import dev.jay.bench.serve.ChildServer;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The promise of {@code --memory}, held against the kernel's count while far too much is asked for. */
@Command(
        name = "overload",
        mixinStandardHelpOptions = true,
        description = {
            "A server with far more clients than it has room for, in a memory cgroup of the very size that it was"
                    + " given; where no cgroup can be made, what the kernel counts for the process is all there is.",
            "",
            "Wrong is: a kill, resident memory above what was given, an answer in exact mode that differs by a bit from"
                    + " the one given alone, a refusal of another kind than stated, a page that is not free afterwards,"
                    + " an end that is not clean. Exit status 1 if anything is."
        },
        footer = {
            "",
            "Examples:",
            "  jay bench overload                              a small model it makes itself, some minutes",
            "  jay bench overload m.gguf --memory 256m,512m,1g --context 256,2048 --minutes 30"
        })
public final class OverloadBench implements Callable<Integer> {
    private static final int QUESTIONS = 10;
    private static final String KNOB = "raise --memory by"; // a plan that does not fit says so
    private static final String SMALL = "llama-150m(layers=4,vocabulary=4000)";

    @Parameters(arity = "0..*", paramLabel = "MODEL", description = "Model files (a small one, made for this).")
    private List<Path> models = List.of();

    @Option(names = "--memory", split = ",", defaultValue = "200m,256m,512m", description = "Each (${DEFAULT-VALUE}).")
    private List<String> memories = List.of();

    @Option(names = "--context", split = ",", defaultValue = "128,512", description = "Each (${DEFAULT-VALUE}).")
    private List<Integer> contexts = List.of();

    @Option(names = "--admission", split = "/", defaultValue = "promise/grow(ahead=16)", description = "Each, with /.")
    private List<String> admissions = List.of();

    @Option(names = "--parallel", defaultValue = "4", description = "Answers of full length there is room for (4).")
    private int parallel;

    @Option(names = "--load", defaultValue = "10", description = "Clients, as a multiple of that (10).")
    private int load;

    @Option(names = "--minutes", defaultValue = "2", description = "Of load, all servers together (2).")
    private double minutes;

    @Option(names = "--threads", defaultValue = "2", description = "Of each server (2).")
    private String threads = "";

    @Option(names = "--vocabulary", defaultValue = "4000", description = "Tokens are drawn below this (4000).")
    private int vocabulary;

    @Option(names = "--seed", defaultValue = "1", description = "Another one asks otherwise (1).")
    private long seed;

    @Option(names = "--jay", defaultValue = "./jay", description = "The program (./jay).")
    private String jay = "";

    private final Map<String, List<Overload.Expected>> alone = new HashMap<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path made = null;
        if (models.isEmpty()) {
            made = Files.createTempFile("jay-overload", ".gguf");
            Process synth = new ProcessBuilder("sh", jay, "synth", SMALL, made.toString(), "--format", "q8_0")
                    .inheritIO()
                    .start();
            if (synth.waitFor() != 0) throw new IOException("no model could be made");
            models = List.of(made);
        }
        int wrong = 0;
        long nanos = (long) (minutes * 60e9 / models.size() / memories.size() / contexts.size() / admissions.size());
        try (HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            for (Path model : models) {
                for (String memory : memories) {
                    for (int context : contexts) {
                        for (String admission : admissions) {
                            if (!isKept(http, model, memory, context, admission, nanos)) wrong++;
                        }
                    }
                }
            }
        } finally {
            if (made != null) Files.delete(made);
        }
        System.out.println(wrong == 0 ? "the budget was kept, and so was every answer" : wrong + " rows are wrong");
        return wrong == 0 ? 0 : 1;
    }

    private static long bytes(String size) {
        long number = Long.parseLong(size.replaceAll("\\D", ""));
        return switch (size.replaceAll("\\d", "").toLowerCase(Locale.ROOT)) {
            case "g", "gib" -> number << 30;
            case "m", "mib" -> number << 20;
            default -> throw new IllegalArgumentException("--memory " + size + ": expected such as 512m or 2g");
        };
    }

    /** What it answers when it is asked alone, with room for everything. */
    private List<Overload.Expected> alone(HttpClient http, Path model, int context, List<Question> questions)
            throws IOException, InterruptedException {
        String key = model + " " + context;
        if (!alone.containsKey(key)) {
            List<String> arguments =
                    List.of(model.toString(), "--context", "" + context, "--threads", threads, "--memory", "4g");
            try (ChildServer server = new ChildServer(List.of(), jay, arguments)) {
                alone.put(key, new Overload(http, server.url(), questions, context).alone());
                server.stop();
            }
        }
        return alone.get(key);
    }

    private boolean isKept(HttpClient http, Path model, String memory, int context, String admission, long nanos)
            throws IOException, InterruptedException {
        List<Question> questions = Question.some(QUESTIONS, context, vocabulary, seed);
        List<Overload.Expected> expected = alone(http, model, context, questions);
        List<String> arguments = List.of(
                model.toString(),
                "--memory",
                memory,
                "--context",
                "" + context,
                "--parallel",
                "" + parallel,
                "--queue",
                "" + 4 * parallel,
                "--admission",
                admission,
                "--threads",
                threads);
        Optional<MemoryGroup> group = MemoryGroup.of(bytes(memory));
        List<String> faults = new ArrayList<>();
        String row = String.format(
                Locale.ROOT, "%-16s %5s context %5d %-15s", model.getFileName(), memory, context, admission);
        try (ChildServer server = new ChildServer(group.map(MemoryGroup::enter).orElse(List.of()), jay, arguments)) {
            Overload load = new Overload(http, server.url(), questions, context);
            long end = System.nanoTime() + nanos;
            load.run(parallel * this.load, () -> System.nanoTime() >= end, expected, seed);
            faults.addAll(load.told());
            if (load.right() == 0) faults.add("nothing was answered");
            Books books = Books.settled(http, server.url());
            faults.addAll(books.faults());
            long peak = server.peakBytes();
            if (peak > bytes(memory)) faults.add("resident: " + peak + " of " + bytes(memory));
            if (!server.isAlive()) faults.add("the server is gone: " + server.said());
            int exit = server.stop();
            if (exit != 0) faults.add("exit status " + exit + ": " + server.said());
            if (group.isPresent() && group.get().kills() > 0) faults.add("killed by the kernel");
            row += String.format(
                    Locale.ROOT,
                    " right %6d  refused %6d  left %4d  never fit %4d  wrong %d  preempted %5d  resident %6.1f MiB "
                            + " group %s",
                    load.right(),
                    load.refused(),
                    load.left(),
                    load.neverFit(),
                    load.wrong(),
                    books.preempted(),
                    peak / 1048576.0,
                    group.isEmpty()
                            ? "none: cgroups cannot be made here"
                            : group.get().mostBytes() / (1 << 20) + " MiB");
        } catch (IOException e) {
            String why = String.valueOf(e.getMessage());
            if (why.contains(KNOB))
                row += " is refused before anything is loaded: " + why.replaceFirst(".*(?=needed=)", "");
            else faults.add(why);
        } finally {
            if (group.isPresent()) group.get().close();
        }
        System.out.println(row);
        faults.forEach(f -> System.out.println("    wrong: " + f));
        return faults.isEmpty();
    }
}
