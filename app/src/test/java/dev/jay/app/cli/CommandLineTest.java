// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.jay.model.load.SynthFiles;
import dev.jay.tensor.Shared;
import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelProviders;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Commands in this JVM, with streams and surroundings of the test's own. */
class CommandLineTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    Path folder;

    private final Map<String, String> environment = new HashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private String in = "";

    @BeforeEach
    void home() {
        environment.put("HOME", folder.toString());
    }

    private int jay(String... args) {
        return jay(out, args);
    }

    private int jay(OutputStream to, String... args) {
        out.reset();
        err.reset();
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
                new Output(to),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                environment,
                Map.of());
        return Jay.commandLine(shell, args).execute(args);
    }

    private String said() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String complained() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static String model() {
        return Shared.data("0-stories260K/stories260K.gguf").toString();
    }

    @Test
    void shouldPrintTheContinuationAlone() throws IOException {
        JsonNode golden = JSON.readTree(Files.readString(Shared.data("0-stories260K/golden.json")));
        assertThat(jay("run", model(), "--prompt", "", "--max-tokens", "8", "-t", "0", "--numerics", "exact", "--json"))
                .as(complained())
                .isZero();
        JsonNode report = JSON.readTree(said());
        assertThat(report.propertyNames())
                .contains("text", "promptTokens", "tokens", "finishReason", "timing", "memory");
        assertThat(report.at("/promptTokens").toString()).isEqualTo("[1]");
        assertThat(report.at("/tokens").size()).isEqualTo(8);
        assertThat(report.at("/finishReason").stringValue()).isEqualTo("length");
        assertThat(report.at("/memory/peakBytes").longValue()).isPositive();
        assertThat(report.at("/memory/byPurpose/weights").longValue()).isPositive();
        assertThat(golden.isObject()).isTrue();
        String text = report.at("/text").stringValue();
        assertThat(jay("run", model(), "--prompt", "", "--max-tokens", "8", "-t", "0", "--numerics", "exact"))
                .isZero();
        assertThat(said()).isEqualTo(text);
        assertThat(complained()).contains("tokens/s");
    }

    @Test
    void shouldTakePromptsFromFilesAndInput() throws IOException {
        Path file = Files.writeString(folder.resolve("prompt.txt"), "Once upon a time");
        assertThat(jay("run", model(), "--prompt-file", file.toString(), "--max-tokens", "5", "-t", "0", "-q"))
                .isZero();
        String fromFile = said();
        assertThat(complained()).isEmpty();
        in = "Once upon a time";
        assertThat(jay("run", model(), "--prompt-file", "-", "--max-tokens", "5", "-t", "0", "-q"))
                .isZero();
        assertThat(said()).isEqualTo(fromFile).isNotEmpty();
    }

    @Test
    void shouldTakeFlagsBeforeVariablesBeforeTheFile() throws IOException {
        Files.createDirectories(folder.resolve(".config/jay"));
        Files.writeString(
                folder.resolve(".config/jay/config.properties"),
                "max-tokens = 3\ntemperature=0\nmodel = " + model() + "\n");
        assertThat(jay("run", "--prompt", "a", "--json")).as(complained()).isZero();
        assertThat(JSON.readTree(said()).at("/tokens").size()).isEqualTo(3);
        environment.put("JAY_MAX_TOKENS", "2");
        assertThat(jay("run", "--prompt", "a", "--json")).isZero();
        assertThat(JSON.readTree(said()).at("/tokens").size()).isEqualTo(2);
        assertThat(jay("run", "--prompt", "a", "--json", "--max-tokens", "1")).isZero();
        assertThat(JSON.readTree(said()).at("/tokens").size()).isEqualTo(1);
        assertThat(jay("tokenize", "Once upon")).isZero();
        assertThat(said()).isEqualTo("1 403 407\n");
    }

    @Test
    void shouldSayWhereABadValueCameFrom() throws IOException {
        environment.put("JAY_TOP_K", "many");
        assertThat(jay("run", "--prompt", "a")).isEqualTo(2);
        assertThat(complained()).contains("--top-k", "'many'", "JAY_TOP_K");
        environment.remove("JAY_TOP_K");
        Files.createDirectories(folder.resolve(".config/jay"));
        Files.writeString(folder.resolve(".config/jay/config.properties"), "top-p = 7\n");
        assertThat(jay("run", "--prompt", "a")).isEqualTo(2);
        assertThat(complained()).contains("--top-p", "'7'", "config.properties");
    }

    @Test
    void shouldWarnOfKeysThatNoCommandHas() throws IOException {
        Path file = Files.createDirectories(folder.resolve(".config/jay")).resolve("config.properties");
        Files.writeString(file, "# mine\nport = 9\nmax-token: 5\nzzzzzzzzz=1\nmodel = m\n");
        assertThat(jay("run", "--help")).isZero();
        assertThat(complained().lines())
                .containsExactly(
                        "jay: warning: " + file + ", line 3: unknown key 'max-token'; did you mean 'max-tokens'?",
                        "jay: warning: " + file + ", line 4: unknown key 'zzzzzzzzz'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run",
                "chat",
                "serve",
                "plan",
                "probe",
                "show",
                "tokenize",
                "perplexity",
                "quantize",
                "synth",
                "eval",
                "train",
                "tune",
                "merge",
                "train-tokenizer",
                "bench"
            })
    void shouldTeachInHelp(String command) {
        assertThat(jay(command, "--help")).isZero();
        assertThat(said())
                .contains("Usage: jay " + command)
                .contains("Exit codes:")
                .contains("66");
        assertThat(complained()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"quantize", "synth"})
    void shouldNameEveryWeightFormatInHelp(String command) {
        assertThat(jay(command, "--help")).isZero();
        assertThat(said()).contains(WeightFormats.ALL.names());
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "chat", "serve", "perplexity"})
    void shouldNameEveryKernelProviderInHelp(String command) {
        assertThat(jay(command, "--help")).isZero();
        assertThat(said()).contains(KernelProviders.ALL.names());
    }

    @Test
    void shouldRunOnEveryKernelProviderOfThisMachine() throws IOException {
        for (String name : KernelProviders.ALL.names()) {
            boolean runs = SystemRefusals.runs(KernelProviders.ALL.make(name), Cpu.detect());
            String[] run = {"run", model(), "--prompt", "a", "--max-tokens", "3", "--kernels", name, "--json"};
            if (!runs) {
                shouldFail(2, "kernel provider cannot be forced: name=" + name, run);
                continue;
            }
            assertThat(jay(run)).as(complained()).isZero();
            assertThat(JSON.readTree(said()).at("/tokens").size()).isEqualTo(3);
            environment.put("JAY_KERNELS", name);
            assertThat(jay("--version")).isZero();
            assertThat(said()).contains("kernels: " + name + ": preferred");
            environment.remove("JAY_KERNELS");
        }
    }

    @Test
    void shouldWriteThePlacesOfMachineCodeForPerfIfAsked() throws IOException {
        boolean runs = KernelProviders.ALL.names().stream()
                .map(KernelProviders.ALL::make)
                .anyMatch(p -> p.name().startsWith("avx") && SystemRefusals.runs(p, Cpu.detect()));
        assumeTrue(runs, "no machine code runs here");
        Path map = Path.of("/tmp", "perf-" + ProcessHandle.current().pid() + ".map");
        Files.deleteIfExists(map);
        String[] run = {"run", model(), "--prompt", "a", "--max-tokens", "2", "-q", "--perf-map"};
        assertThat(jay(Arrays.copyOf(run, run.length - 1))).isZero();
        assertThat(map).doesNotExist();
        try {
            assertThat(jay(run)).as(complained()).isZero();
            assertThat(Files.readAllLines(map))
                    .hasSizeGreaterThan(3)
                    .allMatch(line -> line.matches("[0-9a-f]+ [0-9a-f]+ jay::\\S+"));
        } finally {
            Files.deleteIfExists(map);
        }
    }

    @Test
    void shouldFailInOneLineWithACodeOfItsOwn() throws IOException {
        assertThat(jay()).isEqualTo(2);
        assertThat(jay("--help")).isZero();
        assertThat(said())
                .contains("run", "chat", "serve", "show", "tokenize", "perplexity", "quantize", "synth", "bench");
        shouldFail(2, "did you mean --temperature", "run", "--temprature", "1");
        shouldFail(2, "no model is named, and none came with this copy", "run", "--prompt", "a");
        shouldFail(2, "no prompt", "run", model());
        shouldFail(2, "exclude each other", "run", model(), "--prompt", "a", "--prompt-file", "b");
        shouldFail(2, "known=", "run", model(), "--prompt", "a", "--kernels", "abacus");
        shouldFail(66, "no such file", "run", folder.resolve("none.gguf").toString(), "--prompt", "a");
        Path broken = Files.writeString(folder.resolve("broken.gguf"), "GGUF but not really");
        shouldFail(65, "broken.gguf", "run", broken.toString(), "--prompt", "a");
        shouldFail(65, "broken.gguf", "show", broken.toString());
        shouldFail(1, "context full", "run", model(), "--prompt", "a", "--max-tokens", "100000");
        shouldFail(2, "no API key", "serve", model(), "--host", "0.0.0.0");
    }

    private void shouldFail(int code, String with, String... args) {
        assertThat(jay(args)).as("%s: %s", List.of(args), complained()).isEqualTo(code);
        assertThat(complained().strip()).contains(with).doesNotContain("\n").doesNotContain("Exception");
        assertThat(said()).isEmpty();
    }

    @Test
    void shouldBlameTheFileWhenItIsAtFault() throws IOException {
        String key = "tokenizer.chat_template";
        String syntax = made("syntax", key, "{% for m in messages %}");
        shouldFail(65, "chat template of syntax.gguf", "run", syntax, "--chat", "--prompt", "a", "-q");
        assertThat(jay("run", syntax, "--prompt", "a", "--max-tokens", "1", "-q"))
                .as(complained())
                .isZero();
        shouldFail(65, "template line 1", "run", made("fails", key, "{{ 1 + 'a' }}"), "--chat", "--prompt", "a", "-q");
        String refusing = made("refuses", key, "{{ raise_exception('no system message, please') }}");
        shouldFail(1, "no system message, please", "run", refusing, "--chat", "--prompt", "a", "-q");
        shouldFail(65, "block_count", "run", made("absent", "llama.block_count", SynthFiles.ABSENT), "--prompt", "a");
        shouldFail(65, "block_count", "run", made("text", "llama.block_count", "two"), "--prompt", "a");
        shouldFail(65, "", "run", made("heads", "llama.attention.head_count_kv", 3L), "--prompt", "a");
        shouldFail(65, "", "run", made("width", "llama.attention.key_length", 7L), "--prompt", "a");
        shouldFail(65, "", "run", made("rope", "llama.rope.dimension_count", 5L), "--prompt", "a");
        shouldFail(65, "", "run", made("context", "llama.context_length", 0L), "--prompt", "a");
        shouldFail(65, "", "run", made("epsilon", "llama.attention.layer_norm_rms_epsilon", -1.0), "--prompt", "a");
        shouldFail(65, "", "run", made("bos", "tokenizer.ggml.bos_token_id", 1L << 31), "--prompt", "a");
    }

    private String made(String name, String key, Object value) throws IOException {
        return SynthFiles.write(folder.resolve(name + ".gguf"), Map.of(key, value))
                .toString();
    }

    @Test
    void shouldEndQuietlyWhenNobodyReads() {
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        assertThat(jay(closed, "run", model(), "--prompt", "a", "--max-tokens", "3"))
                .isEqualTo(141);
        assertThat(complained()).isEmpty();
    }

    @Test
    void shouldChatOverPlainLines() {
        in = "Hello\n\n/nothing\n/clear\n/exit\nnever read\n";
        assertThat(jay("chat", model(), "--max-tokens", "4", "--context", "512", "-t", "0"))
                .as(complained())
                .isZero();
        assertThat(said()).isNotBlank();
        assertThat(complained()).contains("no chat template", "unknown: /nothing", "/clear");
    }

    @Test
    void shouldMakeQuantizeAndShowModels() {
        String made = folder.resolve("made.gguf").toString();
        String coded = folder.resolve("coded.gguf").toString();
        assertThat(jay("synth", "llama-tiny", made, "--format", "f32", "--seed", "5"))
                .as(complained())
                .isZero();
        assertThat(jay("quantize", made, coded, "--format", "q8_0"))
                .as(complained())
                .isZero();
        assertThat(jay("show", coded, "--json", "--tensors")).as(complained()).isZero();
        JsonNode shown = JSON.readTree(said());
        assertThat(shown.at("/architecture").stringValue()).isEqualTo("llama");
        assertThat(shown.at("/formats/Q8_0/tensors").intValue()).isPositive();
        assertThat(shown.at("/tensors").size())
                .isEqualTo(shown.at("/tensorCount").intValue());
        assertThat(jay("show", coded)).isZero();
        assertThat(said()).contains("architecture", "Q8_0");
        assertThat(jay("run", coded, "--prompt", "abc", "--max-tokens", "2", "-q"))
                .as(complained())
                .isZero();
        shouldFail(2, "known=", "synth", "llama-9000", made);
        shouldFail(2, "known=", "quantize", made, coded, "--format", "q0");
    }

    @Test
    void shouldMeasurePerplexity() throws IOException {
        Path text =
                Files.writeString(folder.resolve("text.txt"), "Once upon a time there was a little girl. ".repeat(30));
        assertThat(jay("perplexity", model(), text.toString(), "--chunk", "64", "--json"))
                .as(complained())
                .isZero();
        assertThat(JSON.readTree(said()).at("/perplexity").doubleValue()).isBetween(1.0, 1000.0);
    }

    @Test
    void shouldSayWhatItRunsOn() {
        assertThat(jay("--version")).isZero();
        assertThat(said()).contains("jay ", "commit", "JDK 25", "CPU ", "kernels: ");
    }
}
