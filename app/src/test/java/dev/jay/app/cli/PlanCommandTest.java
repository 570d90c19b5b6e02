// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code jay plan} and {@code jay probe}, and that a run takes what was planned. */
@Timeout(300)
class PlanCommandTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String ROOM = "total=512,heap=64,metaspace=40,code=16,rest=48"; // MiB

    @TempDir
    Path folder;

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
                Map.of("jay.jvm", ROOM));
        return Jay.commandLine(shell, args).execute(args);
    }

    private JsonNode said() {
        return JSON.readTree(out.toString(StandardCharsets.UTF_8));
    }

    private String complained() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shouldPlanWhatARunThenTakesAndMeasureTheMachineOnce() throws IOException {
        String model = folder.resolve("m.gguf").toString();
        assertThat(jay("synth", "llama-mini(layers=6,vocabulary=8000)", model, "--seed", "3"))
                .as(complained())
                .isZero();
        long weights = Files.size(Path.of(model));

        assertThat(jay("plan", model, "--context", "256", "--json"))
                .as(complained())
                .isZero();
        assertThat(complained()).contains("measuring this machine");
        JsonNode plan = said();
        assertThat(plan.propertyNames())
                .contains("budgetBytes", "peakBytes", "byPurpose", "fits", "chosen", "predicted", "withOneMoreGiB");
        assertThat(plan.at("/budgetBytes").longValue()).isEqualTo(512L << 20);
        assertThat(plan.at("/setAside/weights").longValue()).isEqualTo(weights);
        assertThat(plan.at("/setAsideBytes").longValue()).isLessThanOrEqualTo(512L << 20);
        assertThat(plan.at("/predicted/decodeTokensPerSecond").doubleValue()).isPositive();
        assertThat(plan.at("/most/parallel").intValue()).isPositive();

        assertThat(jay("plan", model, "--context", "256")).isZero();
        assertThat(complained()).as("the machine is known now").isEmpty();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("set aside", "kv-pages", "with 1 GiB more");

        assertThat(jay("run", model, "--context", "256", "--prompt", "a", "--max-tokens", "3", "--json"))
                .isZero();
        JsonNode rows = said().at("/memory/byPurpose");
        for (String purpose : List.of("weights", "kernel-scratch", "machine-code", "scratch")) {
            if (plan.at("/setAside").has(purpose)) {
                assertThat(rows.at("/" + purpose).longValue())
                        .as(purpose)
                        .isEqualTo(plan.at("/setAside/" + purpose).longValue());
            }
        }
        assertThat(rows.at("/kv-pages").longValue())
                .isPositive()
                .isLessThanOrEqualTo(plan.at("/setAside/kv-pages").longValue());
        shouldStreamWhatDoesNotFit(model, weights);
        shouldMeasureAgainWhatWasDamaged(model);
    }

    private void shouldStreamWhatDoesNotFit(String model, long weights) {
        assertThat(jay("plan", model, "--context", "128", "--json"))
                .as(complained())
                .isZero();
        long small = said().at("/setAsideBytes").longValue() - weights / 2;
        assertThat(jay("plan", model, "--context", "128", "--memory", Long.toString(small), "--json"))
                .as(complained())
                .isZero();
        assertThat(said().at("/setup/weightsStreamed").booleanValue()).isTrue();
        assertThat(said().at("/setAsideBytes").longValue()).isLessThanOrEqualTo(small);
        assertThat(said().at("/chosen").toString()).contains("weights-streamed", "read for every pass");
        assertThat(said().at("/predicted/boundBy").stringValue()).isNotEmpty();

        String least = Long.toString(172 << 20);
        assertThat(jay("plan", model, "--context", "100000", "--memory", least, "--json"))
                .isEqualTo(ExitCode.NO_ROOM.code());
        assertThat(said().at("/fits").booleanValue()).isFalse();
        assertThat(said().at("/neededBytes").longValue()).isGreaterThan(172L << 20);
        assertThat(complained()).contains("--memory by", "needed=", "--context");
    }

    private void shouldMeasureAgainWhatWasDamaged(String model) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(".cache/jay"))) {
            Path only = files.toList().getFirst();
            Files.writeString(only, Files.readString(only).replace("layer ", "layer 9"));
        }
        assertThat(jay("plan", model, "--json")).isZero();
        assertThat(complained()).contains("measuring this machine");
    }
}
