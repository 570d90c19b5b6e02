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
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrateCommandTest {
    private static final String KV = "keys=f16 values=f16 evict=retrieval-heads(budget=32,top=2) spread=errors";

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
    void shouldMeasureWhatARecipeGoesBy() throws IOException {
        String model = folder.resolve("m.gguf").toString();
        String text = folder.resolve("t.txt").toString();
        Files.writeString(Path.of(text), "The cats sat on the mat, and it was red. ".repeat(60));
        assertThat(jay("synth", "llama-tiny", model, "--seed", "5")).isZero();

        String[] run = {"run", model, "-p", "Once upon", "--kv", KV, "--max-tokens", "4"};
        assertThat(jay(run)).isNotZero();
        assertThat(complained()).contains("'jay calibrate " + model + " TEXT' measures it");

        String[] calibrate = {"calibrate", model, text, "--prompts", "3", "--length", "250"};
        assertThat(jay(calibrate)).as(complained()).isZero();
        String first = out.toString(StandardCharsets.UTF_8);
        assertThat(first).contains("layer  0: error 0.");
        String written = Files.readString(Path.of(model + ".calibration.json"));
        assertThat(jay(calibrate)).isZero();
        assertThat(Path.of(model + ".calibration.json")).hasContent(written.strip());
        assertThat(jay("calibrate", model, text, "--prompts", "3", "--length", "250", "--seed", "2"))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isNotEqualTo(first);

        assertThat(jay(run)).as(complained()).isZero();
        assertThat(jay("calibrate", model, text, "--length", "5000")).isEqualTo(2);
        assertThat(complained()).contains("wanted at least");
    }
}
