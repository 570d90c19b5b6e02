// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.bench.kv.KvJudge.Candidate;
import dev.jay.engine.Calibration;
import dev.jay.engine.Fingerprint;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Planning;
import dev.jay.engine.plan.JudgedRecipes;
import dev.jay.engine.plan.JudgedRow;
import dev.jay.engine.plan.Judgement;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.filter.KvFilters;
import dev.jay.kv.merge.KvMerges;
import dev.jay.kv.prefill.KvPrefills;
import dev.jay.kv.select.KvSelections;
import dev.jay.model.load.Synth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class KvBenchTest {
    @TempDir
    private Path folder;

    private final KvCommand command = new KvCommand();

    private String model() throws IOException {
        return command.randomModel(folder);
    }

    private List<String> bench(int wanted, String... args) {
        return command.lines(wanted, args);
    }

    @Test
    void shouldHoldEveryRecipeAgainstF16() throws IOException {
        Path text = Files.writeString(folder.resolve("t.txt"), "The cats sat on the mat, and it was red. ".repeat(40));
        Path plot = folder.resolve("pareto.png");
        List<String> rows = bench(
                0,
                model(),
                "--smoke",
                "--json",
                "--text",
                text.toString(),
                "--tasks",
                "needle",
                "--plot",
                plot.toString(),
                "--modes",
                "single,turn-2",
                "--recipes",
                "keys=f16 values=f16;keys=per-channel(bits=4) values=per-token(bits=4,span=16)");
        assertThat(rows).hasSize(6);
        JsonNode same = JsonMapper.shared().readTree(rows.getFirst());
        assertThat(same.get("task").asString()).isEqualTo("perplexity");
        assertThat(same.get("quality").asDouble()).isEqualTo(1);
        assertThat(same.get("budget").asDouble()).isEqualTo(100);
        assertThat(same.get("decodeRatio").asDouble()).isPositive();
        JsonNode four = JsonMapper.shared().readTree(rows.get(3));
        assertThat(four.get("recipe").asString()).startsWith("keys=per-channel");
        assertThat(four.get("quality").asDouble()).isCloseTo(1, within(0.05)).isNotEqualTo(1);
        assertThat(four.get("bytes").asLong()).isLessThan(four.get("fullBytes").asLong());
        assertThat(Files.size(plot)).isPositive();
        assertThat(same.propertyNames()).containsExactly(KvLines.csvHead().split(","));
        assertThat(same.get("fullScore").asDouble()).isEqualTo(same.get("score").asDouble());
        JsonNode none = JsonMapper.shared().readTree(rows.get(1));
        assertThat(none.get("task").asString()).isEqualTo("needle");
        assertThat(none.get("fullScore").asDouble()).as("a random model").isZero();
        assertThat(none.get("quality").isNull()).as("nothing to lose").isTrue();
    }

    @Test
    void shouldJudgeEveryMemberUnlessTold() throws IOException {
        List<String> rows = bench(
                0,
                model(),
                "--smoke",
                "--json",
                "--tasks",
                "needle",
                "--modes",
                "shared",
                "--budgets",
                "25",
                "--runs",
                "0");
        List<String> recipes = new ArrayList<>();
        for (String row : rows) {
            JsonNode node = JsonMapper.shared().readTree(row);
            recipes.add(node.get("recipe").asString());
            assertThat(node.get("mode").asString()).isEqualTo("shared");
            assertThat(node.get("seed").asLong())
                    .as("a random model: nothing to choose by")
                    .isEqualTo(59);
            assertThat(node.get("keptBytes").asLong())
                    .as("open groups outweigh so short a context")
                    .isBetween(1L, 2 * node.get("fullBytes").asLong());
        }
        for (String name : KvEvictions.ALL.names()) {
            if (KvEvictions.ALL.make(name).wantsCalibration()) {
                assertThat(recipes).noneMatch(recipe -> recipe.contains("evict=" + name));
                continue;
            }
            assertThat(recipes).anyMatch(recipe -> recipe.contains("evict=" + name + "(budget=64,"));
        }
        assertThat(recipes).anyMatch(recipe -> recipe.contains("spread=pyramid"));
        assertThat(recipes).noneMatch(recipe -> recipe.contains("spread=errors"));
        for (String name : KvMerges.ALL.names()) {
            assertThat(recipes).anyMatch(recipe -> recipe.contains("merge=" + name));
        }
        for (String name : KvSelections.ALL.names()) {
            assertThat(recipes).anyMatch(recipe -> recipe.contains("select=" + name + "(budget=96,"));
        }
        for (String name : KvPrefills.ALL.names()) {
            assertThat(recipes).anyMatch(recipe -> recipe.contains("prefill=" + name + "(every=128"));
        }
        for (String name : KvFilters.ALL.names()) {
            assertThat(recipes).anyMatch(recipe -> recipe.contains("filter=" + name + "(budget=64,"));
        }
    }

    /** Heads of 64: whole blocks. Rows of 36 bytes instead of 128. */
    @Test
    void shouldJudgeEvictionsOfRowsOfFewBitsAtTheSameBytes() throws IOException {
        Path file = folder.resolve("mini.gguf");
        Synth.write("llama-mini", "q8_0", 1, file);
        Optional<KvCalibration> measured =
                Optional.of(new KvCalibration(List.of(), List.of(new KvCalibration.KvHead(0, 0))));
        try (Model model = Model.open(file, ModelOptions.defaults().withContextLength(64))) {
            List<Candidate> all = KvRecipes.all(model.spec(), 1024, List.of(100.0, 50.0, 12.5), measured);
            List<String> recipes = all.stream().map(Candidate::recipe).toList();
            assertThat(all)
                    .extracting(Candidate::budget)
                    .contains(0.0, 50.0, 12.5)
                    .doesNotContain(100.0);
            assertThat(recipes)
                    .anyMatch(r -> r.matches("keys=f16 values=f16 evict=window[(].* spread=heads[(]whole=25[.]0[)]"))
                    .anyMatch(r -> r.matches(
                            "keys=rotated-q4_0 values=iq4_nl evict=window[(].* spread=heads[(]whole=25[.]0[)]"));
            for (String name : KvEvictions.ALL.names()) {
                assertThat(recipes)
                        .contains("keys=f16 values=f16 evict=" + name + "(budget=512,recent=32,sinks=4)")
                        .contains("keys=rotated-q4_0 values=iq4_nl evict=" + name + "(budget=455,recent=32,sinks=4)")
                        .noneMatch(r -> r.contains("iq4_nl evict=") && r.contains("budget=1820"));
            }
        }
    }

    @Test
    void shouldJudgeWhatGoesByMeasuresOfTheModelWhereThereAreSome() throws IOException {
        String model = model();
        int[] tokens = IntStream.range(0, 80).toArray();
        Calibration.run(
                Path.of(model),
                ModelOptions.defaults(),
                (_, _) -> List.of(new Calibration.Prompt(tokens, 20, 30, 70)),
                true,
                (_, _) -> {});
        List<String> rows =
                bench(0, model, "--smoke", "--json", "--tasks", "needle", "--modes", "single", "--budgets", "25,50");
        assertThat(rows).anyMatch(row -> row.contains("evict=retrieval-heads(budget=64,"));
        assertThat(rows).anyMatch(row -> row.contains("spread=errors"));
        assertThat(rows).anyMatch(row -> row.contains("spread=heads("));
        assertThat(rows).anyMatch(row -> row.contains("keys=low-rank(rank=32,bits=2"));
    }

    @Test
    void shouldKeepRowsForThePlannerAndGoOnWithThem() throws IOException {
        Path text = Files.writeString(folder.resolve("t.txt"), "The cats sat on the mat, and it was red. ".repeat(40));
        Path kept = folder.resolve("random.gguf.kv.json");
        String[] some = {
            model(),
            "--text",
            text.toString(),
            "--tasks",
            "needle",
            "--modes",
            "single",
            "--length",
            "128",
            "--items",
            "1",
            "--runs",
            "1",
            "--write",
            kept.toString(),
            "--recipes"
        };
        String four = "keys=per-channel(bits=4) values=per-token(bits=4,span=16)";
        bench(0, with(some, four));
        Judgement judged = Judgement.parse(Files.readAllBytes(kept), "kept");
        assertThat(judged.print()).isEqualTo(Fingerprint.of(folder.resolve("random.gguf")));
        assertThat(judged.name()).isEqualTo("random.gguf");
        assertThat(judged.rows()).extracting(JudgedRow::task).containsExactly("perplexity", "needle");
        JudgedRow perplexity = judged.rows().getFirst();
        assertThat(perplexity.recipe()).isEqualTo(four);
        assertThat(perplexity.context()).isEqualTo(128);
        assertThat(perplexity.quality()).isCloseTo(1, within(0.05));
        assertThat(perplexity.keptBytes()).isPositive().isLessThan(perplexity.fullBytes());

        bench(0, with(some, "keys=bf16 values=bf16;" + four));
        Judgement more = Judgement.parse(Files.readAllBytes(kept), "kept");
        assertThat(more.rows())
                .extracting(JudgedRow::recipe)
                .as("measured again, and not twice in it")
                .containsExactly("keys=bf16 values=bf16", "keys=bf16 values=bf16", four, four);
        try (Planning planning = Planning.open(
                folder.resolve("random.gguf"), ModelOptions.defaults().withQuality(0.5))) {
            assertThat(planning.kvFloor().orElseThrow().isOwn()).isTrue();
            assertThat(planning.kvFloor().orElseThrow().skipped())
                    .as("a random model answers no question")
                    .extracting(JudgedRecipes.Skipped::why)
                    .contains("was asked nothing that f16 answers at 128 tokens");
        }

        Files.writeString(kept, more.text().replace(more.print(), "0".repeat(64)));
        bench(2, with(some, four));
        assertThat(command.complained()).contains("judges another model, 'random.gguf'");
        bench(2, with(some, four, "--smoke"));
        assertThat(command.complained()).contains("--write: --smoke shows that it works, not how well");
    }

    private static String[] with(String[] args, String... more) {
        return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new);
    }

    @Test
    void shouldChooseByOneSeedAndJudgeByAnotherAndReportIt() throws IOException {
        Path text = Files.writeString(folder.resolve("t.txt"), "The cats sat on the mat, and it was red. ".repeat(40));
        Path table = folder.resolve("kv.md");
        Path csv = folder.resolve("kv.csv");
        List<String> told = bench(
                0,
                model(),
                "--smoke",
                "--text",
                text.toString(),
                "--tasks",
                "recurring",
                "--budgets",
                "100,25",
                "--runs",
                "0",
                "--table",
                table.toString(),
                "--csv",
                csv.toString());
        String report = Files.readString(table);
        assertThat(String.join("\n", told)).contains("f16 itself: 0").endsWith(report.strip());
        assertThat(report)
                .contains("| f16 itself | text | long |", "| recurring |  | f16 itself: 0 |")
                .contains("Chosen for each budget by seed 59, judged once by seed 1059:", "| 100.0 % | `keys=")
                .contains("Areas under quality over bytes")
                .contains("beats random where it is best");
        List<String> rows = Files.readAllLines(csv);
        assertThat(rows.getFirst())
                .startsWith("recipe,budget,task,mode,quality,bytes,fullBytes,decodeRatio,prefillRatio,");
        assertThat(rows).anyMatch(row -> row.contains(",1059,")).anyMatch(row -> row.contains(",59,"));
        assertThat(rows.getLast()).startsWith("\"keys=").contains(",long,,");
    }

    @Test
    void shouldTimeDecodingBehindLongContexts() throws IOException {
        List<String> told = bench(
                0,
                model(),
                "--smoke",
                "--json",
                "--tasks",
                "none",
                "--runs",
                "0",
                "--decode",
                "128,320",
                "--speed-model",
                model(),
                "--recipes",
                "keys=f16 values=f16 evict=prompt-window(budget=64);keys=f16 values=f16"
                    + " evict=window(budget=64,every=32);keys=per-channel(bits=2) values=per-token(bits=2,span=16)");
        assertThat(told).hasSize(6);
        for (String line : told) {
            JsonNode node = JsonMapper.shared().readTree(line);
            assertThat(node.get("decodeRatio").asDouble()).isPositive();
            assertThat(node.get("keptBytes").asLong())
                    .isPositive()
                    .isLessThanOrEqualTo(node.get("fullBytes").asLong());
        }
        assertThat(JsonMapper.shared().readTree(told.getLast()).get("context").asInt())
                .isEqualTo(320);
    }

    @Test
    void shouldGoOnWhereItWasEnded() throws IOException {
        Path log = folder.resolve("rows.jsonl");
        String[] some = {
            model(),
            "--smoke",
            "--json",
            "--tasks",
            "needle",
            "--modes",
            "single",
            "--runs",
            "0",
            "--rows",
            log.toString(),
            "--recipes"
        };
        bench(0, with(some, "keys=bf16 values=bf16"));
        List<String> kept = Files.readAllLines(log);
        assertThat(kept).as("what is asked, how often, f16's row and one").hasSize(4);
        Files.writeString(log, String.join("\n", kept) + "\n{\"recipe\":\"keys=q8_0 val"); // killed
        List<String> rows = bench(0, with(some, "keys=bf16 values=bf16;keys=f16 values=f16 evict=window(budget=64)"));
        assertThat(rows).hasSize(1).first().asString().contains("evict=window");
        assertThat(bench(0, with(some, "keys=bf16 values=bf16;keys=f16 values=f16 evict=window(budget=64)")))
                .as("all is there")
                .isEmpty();
        bench(2, with(with(some, "keys=bf16 values=bf16"), "--items", "2"));
        assertThat(command.complained()).contains("--items: got 2, but the rows of", "are of 1");
        bench(2, with(with(some, "keys=bf16 values=bf16"), "--length", "128"));
        assertThat(command.complained()).contains("was asked something else");
    }

    @Test
    void shouldRejectWhatItDoesNotKnow() throws IOException {
        bench(2, model(), "--smoke", "--recipes", "keys=f17");
        assertThat(command.complained()).contains("f17");
        bench(2, model(), "--smoke", "--modes", "often");
        assertThat(command.complained())
                .contains("--modes: got 'often', allowed: [single, shared, turn-2, turn-5, long]");
        bench(2, model(), "--smoke", "--tasks", "riddles");
        assertThat(command.complained()).contains("unknown task: name=riddles, known=[needle,");
        bench(2, model(), "--smoke", "--items", "0");
        assertThat(command.complained()).contains("items=0");
        bench(2, folder.resolve("none.gguf").toString());
        assertThat(command.complained()).contains("no such file");
    }
}
