// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.app.hub.FakeHub;
import dev.jay.tensor.Shared;
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

/** Models on a hub, from the command line; {@link dev.jay.app.hub.HubTest} has what can go wrong. */
class HubCommandTest {
    @TempDir
    Path folder;

    private final Map<String, String> environment = new HashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int jay(String... args) {
        out.reset();
        err.reset();
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(new byte[0]),
                new Output(out),
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

    @Test
    void shouldRunAModelOfAHubAndThenWithoutIt() throws IOException {
        byte[] model = Files.readAllBytes(Shared.data("0-stories260K/stories260K.gguf"));
        environment.put("HOME", folder.toString());
        environment.put("HF_TOKEN", "hf_secret");
        String[] run = {"run", "hf:o/r", "--prompt", "Once", "--max-tokens", "5", "-t", "0"};
        try (FakeHub hub = new FakeHub().with("stories.gguf", model)) {
            environment.put("HF_ENDPOINT", hub.endpoint() + "/");
            assertThat(jay(run)).as(complained()).isZero();
            assertThat(complained()).contains("100% stories.gguf").doesNotContain("hf_secret");
        }
        String text = said();
        assertThat(jay(run)).as(complained()).isZero();
        assertThat(said()).isEqualTo(text).isNotEmpty();
        assertThat(jay("show", "--offline", "hf:o/r")).isZero();
        Path kept = folder.resolve(".cache/jay/models/o/r");
        assertThat(jay("models")).isZero();
        assertThat(said()).startsWith("hf:o/r ").contains(kept.toString());
        assertThat(jay("run", "hf:o/other", "--offline", "--prompt", "x")).isEqualTo(ExitCode.FAILED.code());
        assertThat(complained()).contains("hf:o/other: not in ").contains("--offline was said");
        environment.put("HF_HUB_OFFLINE", "1");
        assertThat(jay("pull", "o/r")).isEqualTo(ExitCode.FAILED.code());
        environment.put("HF_ENDPOINT", "nonsense");
        assertThat(jay(run)).isEqualTo(ExitCode.CONFIGURATION.code());
        assertThat(jay("run", "hf:nothing", "--prompt", "x")).isEqualTo(ExitCode.USAGE.code());
    }

    @Test
    void shouldPullAndPrintWhereItLies() throws IOException {
        environment.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        try (FakeHub hub = new FakeHub().with("a.gguf", new byte[1000])) {
            environment.put("HF_ENDPOINT", hub.endpoint().toString());
            assertThat(jay("pull", "o/r")).as(complained()).isZero();
        }
        Path file = Path.of(said().strip());
        assertThat(file).hasSize(1000).isEqualTo(folder.resolve("cache/jay/models/o/r/" + FakeHub.COMMIT + "/a.gguf"));
    }
}
