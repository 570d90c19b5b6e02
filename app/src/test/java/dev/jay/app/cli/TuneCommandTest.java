// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Perplexity;
import dev.jay.tensor.kernel.Numerics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuneCommandTest {
    private static final String STORY =
            "Once upon a time there were 3 little cats. The cats sat on the mat, and the mat was red. ";
    private static final String WORDS = "sky, grass, sun, night, snow; white, yellow, blue, black, green. ";
    private static final Map<String, String> COLOURS =
            Map.of("sky", "blue", "grass", "green", "sun", "yellow", "night", "black", "snow", "white");

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int jay(String... args) {
        out.reset();
        err.reset();
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(new byte[0]),
                new Output(out),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("HOME", folder.toString()),
                Map.of());
        return Jay.commandLine(shell, args).execute(args);
    }

    private String complained() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    /** A model that has learnt a little: cats/cats-q8_0.gguf. */
    private String base() throws IOException {
        Files.writeString(folder.resolve("text.txt"), (STORY + WORDS).repeat(40));
        jay("train-tokenizer", file("text.txt"), "--vocabulary", "280", "--out", file("t.gguf"));
        String lines = "name = cats\ntokenizer = t.gguf\ndata = text.txt\nwidth = 64\nlayers = 2\nheads = 4\n"
                + "kv-heads = 2\nhead-width = 16\nffn = 96\ncontext = 128\nlength = 32\nsequences = 8\nsteps = 100\n"
                + "rate = 0.01\n";
        Files.writeString(folder.resolve("cats.properties"), lines);
        assertThat(jay("train", file("cats.properties"))).as(complained()).isZero();
        return file("cats/cats-q8_0.gguf");
    }

    private String examples() throws IOException {
        StringBuilder lines = new StringBuilder();
        COLOURS.forEach((thing, colour) -> lines.append("{\"messages\": [{\"role\": \"user\", \"content\": \"")
                .append(thing)
                .append("?\"}, {\"role\": \"assistant\", \"content\": \"")
                .append(colour)
                .append("\"}]}\n"));
        return Files.writeString(folder.resolve("colours.jsonl"), lines).toString();
    }

    private String answer(String model, String thing, String... more) {
        String[] args = {
            "run", model, "--chat", "--prompt", thing + "?", "--max-tokens", "12", "--temperature", "0", "-q"
        };
        String[] all = Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new);
        assertThat(jay(all)).as(complained()).isZero();
        return out.toString(StandardCharsets.UTF_8).strip();
    }

    private static double surprise(Path model, Path adapter) throws IOException {
        ModelOptions options = ModelOptions.defaults();
        try (Model opened = Model.open(model, adapter == null ? options : options.withAdapter(adapter))) {
            int length = opened.tokenize(STORY).length;
            return Math.log(
                    Perplexity.measure(opened, STORY, length, Perplexity.Method.EVERY_TOKEN, Numerics.EXACT, p -> {})
                            .perplexity());
        }
    }

    /** A mapping that the model never saw is learnt; its own file stays as it was; every way to use it says the same. */
    @Test
    void shouldTeachAMapping() throws IOException {
        String base = base();
        byte[] before = Files.readAllBytes(Path.of(base));
        String[] tune = {
            "tune",
            base,
            "--data",
            examples(),
            "--out",
            file("tuned"),
            "--set",
            "steps=600",
            "--set",
            "rate=0.006",
            "--set",
            "rank=8",
            "--set",
            "length=64",
            "--set",
            "sequences=5",
            "--set",
            "held-out=0"
        };
        assertThat(jay(tune)).as(complained()).isZero();
        assertThat(complained()).contains("step 600/600 loss", "tuned-lora.gguf: tuned");
        assertThat(Files.readAllBytes(Path.of(base))).isEqualTo(before);
        Path tuned = folder.resolve("tuned");
        assertThat(tuned.toFile().list()).contains("curves.csv", "curves.png", "tuned-lora.gguf", "tuned-lora");
        assertThat(tuned.resolve("tuned-lora").toFile().list())
                .containsExactlyInAnyOrder("adapter_config.json", "adapter_model.safetensors");
        String lora = tuned.resolve("tuned-lora.gguf").toString();
        for (String thing : COLOURS.keySet()) {
            assertThat(answer(base, thing, "--lora", lora)).as(thing).isEqualTo(COLOURS.get(thing));
            assertThat(answer(base, thing)).as(thing).isNotEqualTo(COLOURS.get(thing));
        }
        assertThat(answer(base, "snow", "--lora", tuned.resolve("tuned-lora").toString()))
                .isEqualTo("white");
        assertThat(answer(base, "sun", "--lora", "colours=" + lora)).isEqualTo("yellow");
        assertThat(answer(base, "sun", "--lora", lora, "--lora-init-without-apply"))
                .isEqualTo(answer(base, "sun"));
        assertThat(jay("run", base, "--prompt", "a", "--lora", "x=" + lora, "--lora", "x=" + lora))
                .isEqualTo(ExitCode.USAGE.code());
        assertThat(complained()).contains("two are called x: write NAME=FILE");
        assertThat(jay("merge", base, lora, file("merged.gguf"), "--format", "f32"))
                .as(complained())
                .isZero();
        assertThat(answer(file("merged.gguf"), "sun")).isEqualTo("yellow");
        double apart = surprise(Path.of(base), Path.of(lora));
        assertThat(surprise(folder.resolve("merged.gguf"), null)).isCloseTo(apart, within(0.02));
        assertThat(surprise(Path.of(base), tuned.resolve("tuned-lora"))).isCloseTo(apart, within(1e-6));
        assertThat(Math.abs(surprise(Path.of(base), null) - apart)).isGreaterThan(0.05);
    }

    /** Stopped behind a checkpoint and begun again, a tuning ends in the same adapter; the best look is what is kept. */
    @Test
    void shouldGoOnWhereItWasStoppedAndStopEarly() throws IOException {
        String base = base();
        String data = examples();
        String[] tune = {
            "tune",
            base,
            "--data",
            data,
            "--out",
            file("whole"),
            "--set",
            "steps=12",
            "--set",
            "rate=0.01",
            "--set",
            "checkpoint-every=4",
            "--set",
            "valid=" + data,
            "--set",
            "valid-every=3",
            "--set",
            "length=64"
        };
        assertThat(jay(tune)).as(complained()).isZero();
        assertThat(complained()).contains("bits a byte");
        byte[] whole = Files.readAllBytes(folder.resolve("whole/tuned-lora.gguf"));
        Files.delete(folder.resolve("whole/step-00000012.checkpoint"));
        Files.delete(folder.resolve("whole/tuned-lora.gguf"));
        assertThat(jay(tune)).as(complained()).isZero();
        assertThat(complained()).contains("step 9/12").doesNotContain("step 8/12");
        assertThat(Files.readAllBytes(folder.resolve("whole/tuned-lora.gguf"))).isEqualTo(whole);
        tune[5] = file("early");
        tune[9] = "rate=20";
        String[] early = Arrays.copyOf(tune, tune.length + 4);
        early[tune.length] = "--set";
        early[tune.length + 1] = "patience=1";
        early[tune.length + 2] = "--set";
        early[tune.length + 3] = "steps=400";
        jay(early);
        assertThat(Files.readAllLines(folder.resolve("early/curves.csv")).size())
                .isLessThan(40);
    }

    /** Below what it needs nothing is begun; told what would fit, and given that, it runs within it. */
    @Test
    void shouldKeepToItsMemory() throws IOException {
        String base = base();
        String data = examples();
        String[] tune = {
            "tune",
            base,
            "--data",
            data,
            "--out",
            file("a"),
            "--set",
            "steps=1",
            "--set",
            "length=128",
            "--set",
            "sequences=64",
            "--set",
            "offload=no",
            "--memory",
            process(24 << 20)
        };
        assertThat(jay(tune)).isEqualTo(ExitCode.NO_ROOM.code());
        assertThat(complained()).contains("tuning does not fit", "weights=", "would fit: sequences=");
        String[] fits = complained().replaceAll("(?s).*would fit: |, in .*", "").split(", ");
        tune[11] = fits[0];
        assertThat(jay(tune)).as(complained()).isZero();
        assertThat(complained()).contains("computed again on the way back");
    }

    private static String process(long offHeap) {
        return String.valueOf(offHeap + Runtime.getRuntime().maxMemory());
    }

    @Test
    void shouldRefuseWhatDoesNotFitTogether() throws IOException {
        String base = base();
        String data = examples();
        assertThat(jay("tune", base)).isEqualTo(2);
        assertThat(complained()).contains("'data' is missing");
        assertThat(jay("tune", base, "--data", data, "--set", "sites=lm_head")).isEqualTo(2);
        assertThat(complained()).contains("sites=[lm_head], allowed");
        Files.writeString(folder.resolve("bad.jsonl"), "{\"text\": \"a\"}\n{\"question\": 3}\n");
        assertThat(jay("tune", base, "--data", file("bad.jsonl"), "--out", file("b")))
                .isNotZero();
        assertThat(complained()).contains("bad.jsonl, line 2: wanted an object with");
        assertThat(jay("run", base, "--prompt", "a", "--lora", base)).isNotZero();
        assertThat(complained()).contains("adapter: general.type=model");
        assertThat(jay("tune", "--keys")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("rank = 16");
        assertThat(List.of(folder.toFile().list())).doesNotContain("merged.gguf");
    }
}
