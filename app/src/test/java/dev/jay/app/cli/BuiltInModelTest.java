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
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model that lies in Jay's folder answers where none is named, and only there. */
class BuiltInModelTest {
    @TempDir
    private Path folder;

    private final Map<String, String> environment = new HashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private String in = "";

    private int jay(String... args) {
        out.reset();
        err.reset();
        environment.put("HOME", folder.toString());
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
                new Output(out),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                environment,
                Map.of("jay.home", folder.resolve("home").toString()));
        return Jay.commandLine(shell, args).execute(args);
    }

    private String said() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String complained() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private String builtIn() throws IOException {
        Path home = Files.createDirectories(folder.resolve("home"));
        Path made = Child.model(folder);
        return Files.move(made, home.resolve("jay-tiny.gguf")).toString();
    }

    @Test
    void shouldBeTakenWhereNoModelIsNamed() throws IOException {
        String file = builtIn();
        String[] ask = {"--prompt", "Once upon", "--max-tokens", "9", "-t", "0", "-q"};
        assertThat(jay("run", file, ask[0], ask[1], ask[2], ask[3], ask[4], ask[5], ask[6]))
                .as(complained())
                .isZero();
        String expected = said();
        assertThat(expected).isNotEmpty();
        assertThat(jay("run", ask[0], ask[1], ask[2], ask[3], ask[4], ask[5], ask[6]))
                .as(complained())
                .isZero();
        assertThat(said()).isEqualTo(expected);
        in = "Hello\n";
        assertThat(jay("chat", "--max-tokens", "5", "-t", "0")).as(complained()).isZero();
        assertThat(said()).isNotBlank();
        assertThat(jay("show", "--json")).as(complained()).isZero();
        assertThat(said()).contains(file);
        assertThat(jay("tokenize", "Once upon")).as(complained()).isZero();
        assertThat(said()).isNotBlank();
        assertThat(jay("plan")).as(complained()).isZero();
    }

    /** The whole process's memory holds for it as for any other model. */
    @Test
    void shouldKeepToTheMemoryItIsGiven() throws IOException {
        builtIn();
        assertThat(jay("run", "--prompt", "a", "--max-tokens", "1", "--memory", "1m"))
                .isNotZero();
        assertThat(complained()).contains("memory");
    }

    @Test
    void shouldGiveWayToWhatIsNamed() throws IOException {
        builtIn();
        String none = folder.resolve("none.gguf").toString();
        assertThat(jay("run", none, "--prompt", "a")).isEqualTo(66);
        environment.put("JAY_MODEL", none);
        assertThat(jay("run", "--prompt", "a")).isEqualTo(66);
        assertThat(complained()).contains("no such file: " + none);
    }

    @Test
    void shouldBeMissedInOneLine() {
        assertThat(jay("chat")).isEqualTo(2);
        assertThat(complained().lines())
                .singleElement()
                .satisfies(line -> assertThat(line).contains("none came with this copy of Jay", "JAY_MODEL"));
    }
}
