// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.Fingerprint;
import dev.jay.engine.KvJudgements;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Planning;
import dev.jay.engine.plan.JudgedRow;
import dev.jay.engine.plan.Judgement;
import dev.jay.model.load.Synth;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code --quality}, with a judgement that the test states. */
@Timeout(300)
class QualityTest {
    private static final String F16 = "keys=f16 values=f16";
    private static final String FOUR = "keys=per-channel(bits=4) values=per-token(bits=4)";
    private static final String TWO = "keys=per-channel(bits=2) values=per-token(bits=2)";
    private static final long JAVA = 64 + 40 + 16 + 48L << 20;

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Path file;
    private String model;

    @BeforeEach
    void judge() throws IOException {
        file = folder.resolve("m.gguf");
        model = file.toString();
        Synth.write("llama-mini", "q8_0", 3, file);
        List<JudgedRow> rows = new ArrayList<>();
        for (String recipe : List.of(FOUR, TWO)) {
            double quality = recipe.equals(FOUR) ? 0.985 : 0.8;
            rows.add(row(recipe, Judgement.PERPLEXITY, "text", quality));
            rows.add(row(recipe, "needle", "turn-2", quality + 0.01));
        }
        rows.add(row("keys=f17", "needle", "turn-2", 1));
        Files.writeString(KvJudgements.beside(file), new Judgement(Fingerprint.of(file), "m.gguf", rows).text());
    }

    private static JudgedRow row(String recipe, String task, String mode, double quality) {
        return new JudgedRow(recipe, task, mode, 256, 50, 59, quality, 1, 1, 4, 0.75, 1);
    }

    private int jay(String... args) {
        out.reset();
        err.reset();
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(new byte[0]),
                new Output(out),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("HOME", folder.toString()),
                Map.of("jay.jvm", "total=512,heap=64,metaspace=40,code=16,rest=48"));
        return Jay.commandLine(shell, args).execute(args);
    }

    private String said() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String complained() {
        return err.toString(StandardCharsets.UTF_8);
    }

    /** A budget that f16 does not fit in whole, and four bits do, for so many sequences of 512. */
    private String between() throws IOException {
        ModelOptions options = ModelOptions.defaults().withContextLength(512).withParallel(32);
        try (Planning planning = Planning.open(file, options.withKvRecipe(FOUR))) {
            return Long.toString(JAVA + planning.plan().neededBytes());
        }
    }

    @Test
    void shouldPlanByWhatWasJudgedAndShowTheCurve() throws IOException {
        String memory = between();
        String[] args = {"plan", model, "--memory", memory, "--context", "512", "--parallel", "32"};
        assertThat(jay(with(args, "--quality", "0.98", "--json")))
                .as(complained())
                .isZero();
        JsonNode quality = JsonMapper.shared().readTree(said()).get("quality");
        assertThat(quality.get("floor").doubleValue()).isEqualTo(0.98);
        assertThat(quality.get("recipe").stringValue()).isEqualTo(FOUR);
        assertThat(quality.get("quality").doubleValue()).isEqualTo(0.985);
        assertThat(quality.get("isOwn").booleanValue()).isTrue();
        JsonNode curve = quality.get("curve");
        assertThat(curve.size()).isEqualTo(3);
        assertThat(curve.findValues("recipe")).extracting(JsonNode::stringValue).containsExactly(F16, FOUR, TWO);
        assertThat(curve.findValues("isChosen"))
                .extracting(JsonNode::booleanValue)
                .containsExactly(false, true, false);
        assertThat(curve.findValues("isAboveFloor"))
                .extracting(JsonNode::booleanValue)
                .containsExactly(true, true, false);
        int fit = curve.get(1).get("parallel").intValue();
        assertThat(fit).isGreaterThanOrEqualTo(32);
        assertThat(curve.get(0).get("parallel").intValue()).isLessThan(32);
        assertThat(curve.get(2).get("parallel").intValue()).isGreaterThan(fit);
        assertThat(curve.get(1).get("decodeRatio").doubleValue()).isEqualTo(0.75);
        assertThat(quality.at("/skipped/0/recipe").stringValue()).isEqualTo("keys=f17");

        assertThat(jay(with(args, "--quality", "0.98"))).isZero();
        assertThat(said())
                .contains("keys and values, judged on this model, at 0.98 or above:")
                .contains("not counted: 'keys=f17'")
                .containsPattern("> +0\\.9850 .*per-channel\\(bits=4\\)")
                .containsPattern("below:\\R +0\\.8000 .*per-channel\\(bits=2\\)")
                .containsPattern("kv-recipe: .*quality 0\\.9850, the worst being perplexity");
        jay(args); // nobody asks for a floor
        assertThat(said()).contains("kv-pages").doesNotContain("kv-recipe", "quality");
    }

    private static String[] with(String[] args, String... more) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @Test
    void shouldRefuseWhatWouldLoseMoreThanWasAllowed() {
        String[] run = {"run", model, "--prompt", "a", "--max-tokens", "2", "--context", "512"};
        assertThat(jay(with(run, "--quality", "0.98", "--kv", FOUR)))
                .as(complained())
                .isZero();
        assertThat(jay(with(run, "--quality", "0.98", "--kv", TWO))).isEqualTo(ExitCode.USAGE.code());
        assertThat(complained()).contains("was judged 0.8000 (perplexity (text), on this model)", "lower --quality");
        assertThat(jay(with(run, "--quality", "0.98", "--kv", "keys=bf16 values=bf16")))
                .isEqualTo(ExitCode.USAGE.code());
        assertThat(complained()).contains("was never judged", "jay bench kv", "--write");
        assertThat(jay(with(run, "--quality", "1.5"))).isEqualTo(ExitCode.USAGE.code());
        assertThat(complained()).contains("got '1.5', allowed: a number from 0 to 1");
    }

    @Test
    void shouldNameTheKnobsWhereNothingFitsAndTheFileThatIsBroken() throws IOException {
        String[] plan = {"plan", model, "--context", "512", "--parallel", "4000", "--quality", "0.9"};
        assertThat(jay(plan)).isEqualTo(ExitCode.NO_ROOM.code());
        assertThat(said()).contains("keys and values, judged on this model");
        assertThat(complained())
                .contains("--quality 0.9 or more", "raise --memory by", "--parallel")
                .contains("(quality 0.985)");
        Files.writeString(KvJudgements.beside(file), "{\"version\": 1, \"model\": \"ab\", \"name\": 7, \"rows\": []}");
        assertThat(jay(plan)).isEqualTo(ExitCode.MALFORMED.code());
        assertThat(complained()).contains("m.gguf.kv.json", "name must be a string");
    }
}
