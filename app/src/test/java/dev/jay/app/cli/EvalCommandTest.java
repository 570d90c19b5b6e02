// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.train.skill.Skills;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class EvalCommandTest {
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

    @Test
    void shouldCountExactAnswersBySkillAndLength() {
        String model = folder.resolve("m.gguf").toString();
        assertThat(jay("synth", "llama-tiny", model, "--seed", "5"))
                .as(complained())
                .isZero();
        String[] ask = {"eval", model, "--skills", "copying,needle", "--items", "3", "--lengths", "100,60", "--json"};
        assertThat(jay(ask)).as(complained()).isZero();
        String first = out.toString(StandardCharsets.UTF_8);
        JsonNode rows = JsonMapper.shared().readTree(first).get("rows");
        assertThat(rows.size()).isEqualTo(4);
        assertThat(rows.get(3).get("skill").asString()).isEqualTo("needle");
        assertThat(rows.get(3).get("length").asInt()).isEqualTo(60);
        for (JsonNode row : rows) {
            assertThat(row.get("items").asInt()).isEqualTo(3);
            assertThat(row.get("right").asInt()).as("a random model").isZero();
        }
        assertThat(jay(ask)).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(first);
        assertThat(jay("eval", model, "--skills", "juggling")).isEqualTo(2);
        assertThat(complained()).contains("known=").contains(Skills.ALL.names());
        assertThat(jay("eval", model, "--lengths", "1000000")).isEqualTo(2);
        assertThat(complained()).contains("--lengths: got 1000000, allowed: 1 to");
    }
}
