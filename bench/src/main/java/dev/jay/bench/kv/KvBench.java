// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.Misuse;
import dev.jay.bench.kv.KvJudge.Row;
import dev.jay.bench.tiny.TextBits;
import dev.jay.engine.Calibration;
import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.train.skill.ExamMode;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What ways to keep keys and values cost in bytes, in answers and in speed, one beside the other on the same questions. */
@Command(
        name = "kv",
        mixinStandardHelpOptions = true,
        description = "Recipes for keys and values beside f16: quality, bytes, speed.",
        footer = {
            "",
            "Quality is the share of f16's score on the same items; for perplexity exp(nll of f16 - nll). Bytes are"
                    + " all",
            "that the plan sets aside for keys and values of one sequence of that length, open groups among them; then",
            "those that it holds when the answer begins, where some of it was forgotten at the prompt's end.",
            "",
            "Examples:",
            "  jay bench kv m.gguf --text valid.txt --plot pareto.png",
            "  jay bench kv m.gguf --text valid.txt --write m.gguf.kv.json",
            "  jay bench kv m.gguf --recipes 'keys=per-channel(bits=2) values=per-token(bits=2)' --json"
        })
public final class KvBench implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "The model's file.")
    private Path model;

    @Option(
            names = "--recipes",
            split = ";",
            description = "What --kv takes, with semicolons between (the codecs at 4 and 2 bits, and every eviction"
                    + " and selection of the catalogs at each of --budgets).")
    private List<String> recipes;

    @Option(
            names = "--budgets",
            split = ",",
            defaultValue = "50,25,12.5,6",
            description = "Percent of the tokens that evictions keep and selections read (${DEFAULT-VALUE}).")
    private List<Double> budgets;

    @Option(
            names = "--modes",
            split = ",",
            defaultValue = "single,shared,turn-2",
            description =
                    "Questions: one that is known when tokens are forgotten, one that comes after, the second of two"
                            + " (${DEFAULT-VALUE}).")
    private List<String> modes;

    @Option(
            names = "--text",
            split = ",",
            description = "Texts, as for jay train: the perplexity task, of what follows a prompt (none).")
    private List<Path> texts = List.of();

    @Option(names = "--characters", defaultValue = "60000", description = "Of the beginning of each text (60000).")
    private int characters;

    @Option(
            names = "--tasks",
            split = ",",
            defaultValue = "needle,key-value,last-write,variables",
            description = "Skills that are asked for (${DEFAULT-VALUE}); an unknown one lists all; 'none' for none.")
    private List<String> tasks;

    @Option(names = "--length", defaultValue = "1024", description = "Tokens that are read, at most (1024).")
    private int length;

    @Option(names = "--items", defaultValue = "50", description = "Questions of each task (50).")
    private int items;

    @Option(names = "--seed", defaultValue = "59", description = "The same seed asks the same questions (59).")
    private long seed;

    @Option(names = "--runs", defaultValue = "7", description = "Of the speed of each recipe, in turn with f16 (7).")
    private int runs;

    @Option(names = "--plot", description = "A picture (PNG): quality over bytes.")
    private Path plot;

    @Option(
            names = "--write",
            paramLabel = "FILE",
            description =
                    "Keeps the rows, for --quality of plan, run, chat, serve and batch, which look for MODEL.kv.json"
                            + " beside the model. Rows that are in FILE stay, but for those that are measured again"
                            + " (nowhere).")
    private Path write;

    @Option(names = "--smoke", description = "Few items, few runs, short: that it works, not how well.")
    private boolean smoke;

    @Option(names = "--json", description = "Rows as JSON lines, and nothing else on standard output.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        return Misuse.told(spec, this::measure);
    }

    private void measure() throws IOException {
        List<String> asked = tasks.equals(List.of("none")) ? List.of() : tasks;
        List<ExamMode> as = modes.stream().map(KvBench::mode).toList();
        KvJudge judge = smoke
                ? new KvJudge(model, TextBits.beginnings(texts, 2000), asked, as, Math.min(length, 256), 2, seed, 1)
                : new KvJudge(model, TextBits.beginnings(texts, characters), asked, as, length, items, seed, runs);
        if (recipes != null) recipes.forEach(KvRecipe::parse); // before anybody waits for what comes before it
        if (smoke && write != null) {
            throw new IllegalArgumentException("--write: --smoke shows that it works, not how well: leave one out");
        }
        KvRowsFile file = write == null ? null : new KvRowsFile(write, judge);
        List<Row> rows = new ArrayList<>();
        PrintStream out = System.out;
        judge.run(of -> recipes != null ? recipes : fitting(of.spec(), judge.length()), row -> {
            rows.add(row);
            if (file != null) keep(file, row);
            out.println(json ? object(row).toString() : line(row));
        });
        if (plot != null && !rows.isEmpty()) KvPlot.write(rows, model.getFileName() + ", " + length + " tokens", plot);
    }

    private List<String> fitting(ModelSpec spec, int tokens) {
        try {
            return KvRecipes.all(spec, tokens, budgets, Calibration.of(model, spec));
        } catch (IOException e) {
            throw new UncheckedIOException("what was measured of " + model + " cannot be read", e);
        }
    }

    private static void keep(KvRowsFile file, Row row) {
        try {
            file.add(row);
        } catch (IOException e) {
            throw new UncheckedIOException("--write: the row cannot be kept", e);
        }
    }

    private static ExamMode mode(String name) {
        for (ExamMode mode : ExamMode.values()) if (mode.toString().equals(name)) return mode;
        throw new IllegalArgumentException(
                "--modes: got '" + name + "', allowed: " + Arrays.toString(ExamMode.values()));
    }

    private static String line(Row row) {
        return String.format(
                Locale.ROOT,
                "%-58s %-10s %-6s quality %6.3f  bytes %5.1f %%, then %5.1f %%  decode %5.2f  prefill %5.2f of f16's",
                row.recipe(),
                row.task(),
                row.mode(),
                row.quality(),
                100.0 * row.bytes() / row.fullBytes(),
                100.0 * row.kept() / row.fullBytes(),
                row.decodeRatio(),
                row.prefillRatio());
    }

    private static ObjectNode object(Row row) {
        return JsonMapper.shared()
                .createObjectNode()
                .put("recipe", row.recipe())
                .put("budget", (double) row.bytes() / row.fullBytes())
                .put("task", row.task())
                .put("mode", row.mode())
                .put("quality", row.quality())
                .put("bytes", row.bytes())
                .put("keptBytes", row.kept())
                .put("fullBytes", row.fullBytes())
                .put("decodeRatio", row.decodeRatio())
                .put("prefillRatio", row.prefillRatio());
    }
}
