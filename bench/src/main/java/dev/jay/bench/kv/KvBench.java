// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.Misuse;
import dev.jay.bench.kv.KvJudge.Candidate;
import dev.jay.bench.kv.task.KvTasks;
import dev.jay.bench.tiny.TextBits;
import dev.jay.engine.Calibration;
import dev.jay.engine.Model;
import dev.jay.kv.KvRecipe;
import dev.jay.tensor.kernel.Cpu;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What ways to keep keys and values cost in bytes, in answers and in speed, one beside the other on the same questions. */
@Command(
        name = "kv",
        mixinStandardHelpOptions = true,
        description = "Recipes for keys and values beside f16: quality, bytes, speed.",
        footer = {
            "",
            "Quality is the share of f16's score on the same items; for perplexity exp(nll of f16 - nll). What f16",
            "itself has less than half right of is shown and counts for nothing. Bytes are f16's pages and all that a",
            "plan by the recipe sets aside more or less, at the peak; then those of one sequence when its answer",
            "begins, where some of it was forgotten at the prompt's end. A long run says first how long it will take,",
            "then how far it has come, on standard error.",
            "",
            "Examples:",
            "  jay bench kv m.gguf --text valid.txt --plot pareto.png --table kv.md",
            "  jay bench kv m.gguf --text valid.txt --write m.gguf.kv.json",
            "  jay bench kv m.gguf --smoke                     that it works: five minutes",
            "  jay bench kv m.gguf --recipes 'keys=per-channel(bits=2) values=per-token(bits=2)' --json"
        })
public final class KvBench implements Callable<Integer> {
    private static final int SMOKE_CHARACTERS = 2000;
    private static final int SMOKE_LENGTH = 256;
    private static final int SMOKE_ITEMS = 1;
    private static final double SMOKE_MINUTES = 5;
    private static final double MINUTES = 120;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "The model's file.")
    private Path model;

    @Option(
            names = "--recipes",
            split = ";",
            description = "What --kv takes, with semicolons between; nothing is chosen of them (the codecs, and every"
                    + " eviction, merge and selection of the catalogs at each of --budgets; the best of each budget"
                    + " answers the questions of a second seed, once).")
    private List<String> recipes;

    @Option(
            names = "--budgets",
            split = ",",
            defaultValue = "100,50,25,12.5,6",
            description = "Percent of the tokens that evictions keep and selections read, and of the bytes that recipes"
                    + " are chosen for (${DEFAULT-VALUE}).")
    private List<Double> budgets;

    @Option(
            names = "--modes",
            split = ",",
            defaultValue = "single,shared,turn-2,turn-5",
            description = "Questions: one that is known when tokens are forgotten, several on one context that come"
                    + " after, the second and the fifth of a conversation (${DEFAULT-VALUE}).")
    private List<String> modes;

    @Option(
            names = "--text",
            split = ",",
            description = "Texts, as for jay train: the perplexity task, of what follows a prompt (none).")
    private List<Path> texts = List.of();

    @Option(names = "--characters", defaultValue = "20000", description = "Of the beginning of each text (20000).")
    private int characters;

    @Option(
            names = "--tasks",
            split = ",",
            description = "Some of needle, key-value, multi-key, prefix-suffix, variables, last-write, aggregation,"
                    + " many-shot, mix, recurring; an unknown one lists all; 'none' for none (all).")
    private List<String> tasks = List.copyOf(KvTasks.ALL.names());

    @Option(names = "--length", defaultValue = "1984", description = "Tokens that are read, at most (1984).")
    private int length;

    @Option(
            names = "--items",
            description =
                    "Contexts of each task, with a question in every mode and five in 'shared'; one long answer for"
                            + " four (as many as there is time for, up to 20).")
    private Integer items;

    @Option(
            names = "--minutes",
            description =
                    "That it may take (120; with --smoke 5): so many items as fit; recipes that would end later are"
                            + " named and left out, and what is chosen is judged with fewer items if need be.")
    private Double minutes;

    @Option(
            names = "--seed",
            defaultValue = "59",
            description = "The same seed asks the same questions (59): those that recipes are chosen by.")
    private long seed;

    @Option(
            names = "--judge-seed",
            defaultValue = "1059",
            description = "Of the questions that those which were chosen are judged by (1059).")
    private long judgeSeed;

    @Option(
            names = "--runs",
            defaultValue = "7",
            description = "Of the speed of each recipe, in turn with f16; 0 for none (7).")
    private int runs;

    @Option(names = "--threads", description = "Compute threads (as many as this process may use cores).")
    private int threads;

    @Option(
            names = "--at-once",
            description =
                    "Recipes that are asked at the same time, each with its share of the threads, for its speed as"
                            + " well; each takes the model's memory anew (as many as threads).")
    private Integer atOnce;

    @Option(names = "--plot", description = "A picture (PNG): quality over bytes.")
    private Path plot;

    @Option(names = "--table", paramLabel = "FILE", description = "The report as Markdown (nowhere).")
    private Path table;

    @Option(
            names = "--rows",
            paramLabel = "FILE",
            description = "Keeps all rows as JSON lines while they come; the same command goes on where it was ended"
                    + " (nowhere).")
    private Path log;

    @Option(names = "--csv", paramLabel = "FILE", description = "All rows, as CSV (nowhere).")
    private Path csv;

    @Option(
            names = "--write",
            paramLabel = "FILE",
            description =
                    "Keeps the rows, of the second seed where there is one, for --quality of plan, run, chat, serve and"
                            + " batch, which look for MODEL.kv.json beside the model. Rows that are in FILE stay, but"
                            + " for those that are measured again (nowhere).")
    private Path write;

    @Option(
            names = "--decode",
            split = ",",
            paramLabel = "TOKENS",
            description = "Behind so many tokens, such as 4096,16384: the speed of one token's decoding with what was"
                    + " chosen, or with --recipes, as a share of f16's; medians of 7 in turn (not measured).")
    private List<Integer> contexts = List.of();

    @Option(
            names = "--speed-model",
            paramLabel = "FILE",
            description = "The model for --decode (random weights of a 1B shape in q8_0, 1.3 GB that are written"
                    + " to the folder for temporary files and removed).")
    private Path speedModel;

    @Option(names = "--smoke", description = "Few items, few runs, short: that it works, not how well.")
    private boolean smoke;

    @Option(names = "--json", description = "Rows as JSON lines, and nothing else on standard output.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        return Misuse.told(spec, this::measure);
    }

    private void measure() throws IOException {
        KvRun run = run();
        if (recipes != null) recipes.forEach(KvRecipe::parse); // before anybody waits for what comes before it
        if (smoke && write != null) {
            throw new IllegalArgumentException("--write: --smoke shows that it works, not how well: leave one out");
        }
        KvRowsFile file = write == null ? null : new KvRowsFile(write, run.judge());
        KvRun.Outcome outcome = run.run(this::candidates, row -> told(row, file, run), new KvProgress(System.err));
        List<KvRow> all = new ArrayList<>(outcome.rows());
        all.addAll(outcome.judged());
        if (csv != null) {
            Files.write(
                    csv,
                    Stream.concat(Stream.of(KvLines.csvHead()), all.stream().map(KvLines::csv))
                            .toList());
        }
        decode(outcome);
        String report = new KvReport(run, outcome, ofKeys(run.judge())).text();
        if (!json) System.out.print("\n" + report);
        if (table != null) Files.writeString(table, report);
        List<KvSummary> summaries = KvSummary.of(outcome.rows());
        if (plot != null && !KvChoice.front(summaries).isEmpty()) {
            KvPlot.write(summaries, model.getFileName() + ", " + run.judge().length() + " tokens", plot);
        }
    }

    private void decode(KvRun.Outcome outcome) throws IOException {
        if (contexts.isEmpty()) return;
        List<String> which = recipes != null
                ? recipes
                : outcome.judged().stream().map(KvRow::recipe).distinct().toList();
        KvDecode.measure(
                speedModel,
                which,
                contexts,
                result -> System.out.println(json ? KvLines.object(result).toString() : KvLines.text(result)));
    }

    /** Of heads as wide as codecs of groups take them, where there is text enough. */
    private static List<KvEffects> ofKeys(KvJudge judge) throws IOException {
        int[] text;
        try (Model opened = judge.open(KvJudge.F16)) {
            text = opened.tokenize(judge.text());
            if (text.length < 64 || opened.spec().headDim() % 64 != 0) return List.of();
        }
        try (KvBed bed = new KvBed(judge.model(), judge.threads())) {
            return KvEffects.of(KvKeys.of(bed, text, judge.length()));
        }
    }

    private KvRun run() throws IOException {
        List<String> asked = tasks.equals(List.of("none")) ? List.of() : tasks;
        if (items != null && items < 1 || runs < 0 || length < 32) {
            throw new IllegalArgumentException("items=" + items + ", runs=" + runs + ", length=" + length
                    + ", wanted: 1 or more items, 0 or more runs, a length of 32 or more");
        }
        if (threads < 0 || atOnce != null && atOnce < 1) {
            throw new IllegalArgumentException(
                    "threads=" + threads + ", at-once=" + atOnce + ", allowed: 0 or more threads, 1 or more at once");
        }
        int cores = threads == 0 ? Cpu.detect().cores() : threads;
        int most = atOnce == null ? cores : Math.min(atOnce, cores);
        int together = recipes == null ? most : Math.min(most, recipes.size());
        KvJudge judge = new KvJudge(
                model,
                TextBits.beginnings(texts, smoke ? Math.min(characters, SMOKE_CHARACTERS) : characters),
                asked,
                modes.stream().map(KvMode::of).toList(),
                budgets,
                smoke ? Math.min(length, SMOKE_LENGTH) : length,
                smoke ? Math.min(runs, 1) : runs,
                cores / together);
        double time = minutes != null ? minutes : smoke ? SMOKE_MINUTES : MINUTES;
        int questions = items != null ? items : smoke ? SMOKE_ITEMS : 0;
        return new KvRun(judge, seed, judgeSeed, questions, time, together, recipes == null, Optional.ofNullable(log));
    }

    private List<Candidate> candidates(Model of) {
        if (recipes != null)
            return recipes.stream().map(r -> new Candidate(r.strip(), 0)).toList();
        int tokens = of.contextLength() - KvExam.ROOM;
        try {
            return KvRecipes.all(of.spec(), tokens, budgets, Calibration.of(model, of.spec()));
        } catch (IOException e) {
            throw new UncheckedIOException("what was measured of " + model + " cannot be read", e);
        }
    }

    private void told(KvRow row, KvRowsFile file, KvRun run) {
        if (file != null && row.seed() == (run.isChosen() ? run.judgeSeed() : run.seed())) keep(file, row);
        System.out.println(json ? KvLines.object(row).toString() : KvLines.text(row));
    }

    private static void keep(KvRowsFile file, KvRow row) {
        try {
            file.add(row);
        } catch (IOException e) {
            throw new UncheckedIOException("--write: the row cannot be kept", e);
        }
    }
}
