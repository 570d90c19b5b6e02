// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.app.resident.KeepAlive;
import dev.jay.app.resident.Residents;
import dev.jay.engine.ModelOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Which models 'jay serve' finds, and what it refuses before it listens. */
class ServedModelsTest {
    @TempDir
    private Path folder;

    private String file(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "").toString();
    }

    private String refused(String... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(new byte[0]),
                new Output(new ByteArrayOutputStream()),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("HOME", folder.toString()),
                Map.of());
        assertThat(Jay.commandLine(shell, args).execute(args)).isNotZero();
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shouldFindFilesFoldersAndFirstPartsInAFolder() throws Exception {
        file("models/small.gguf");
        file("models/split-00001-of-00002.gguf");
        file("models/split-00002-of-00002.gguf");
        file("models/notes.txt");
        file("models/seen/seen.gguf");
        file("models/seen/mmproj-F16.gguf");
        file("models/tensors/config.json");
        file("models/empty/readme.md");
        ServedModels models = CommandLine.populateCommand(
                new ServedModels(), "--models", folder.resolve("models").toString());
        assertThat(models.areInAFolder()).isTrue();
        try (Residents residents = models.residents(List.of(folder.resolve("first.gguf")), ModelOptions.defaults())) {
            assertThat(residents.names()).containsExactly("first", "seen", "small", "split", "tensors");
            assertThat(residents.budget()).isEqualTo(Long.MAX_VALUE);
        }
    }

    @Test
    void shouldReadHowLongModelsStay() {
        assertThat(new ServedModels.Time().convert("90s")).isEqualTo(new KeepAlive(Duration.ofSeconds(90)));
        assertThat(refused("serve", "--keep-alive", "soon")).contains("--keep-alive", "got 'soon'", "5m");
    }

    @Test
    void shouldRefuseWhatCannotBeServedTogether() throws Exception {
        String one = file("a/same.gguf");
        String two = file("b/same.gguf");
        String other = file("other.gguf");
        assertThat(refused("serve", one, two)).contains("two models are called same");
        assertThat(refused("serve", one, other, "--model-name", "x")).contains("there are several models");
        assertThat(refused("serve", one, other, "--lora", other)).contains("adapters are of one model");
        assertThat(refused("serve", "--models", folder.resolve("nowhere").toString()))
                .contains("no such folder");
        assertThat(refused(
                        "serve",
                        "--models",
                        Files.createDirectory(folder.resolve("none")).toString()))
                .contains("there is no model in");
    }
}
