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

class TrainCommandTest {
    private static final String STORY =
            "Once upon a time there were 3 little cats. The cats sat on the mat, and the mat was red. ";

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

    @Test
    void shouldLearnATokenizer() throws IOException {
        Files.writeString(folder.resolve("text.txt"), STORY.repeat(5));
        assertThat(jay("train-tokenizer", file("text.txt"), "--vocabulary", "270", "--out", file("t.gguf")))
                .as(complained())
                .isZero();
        assertThat(complained()).contains("t.gguf: 270 tokens").contains("100% merging");
        assertThat(jay("show", file("t.gguf"), "--json")).isZero();
        assertThat(jay("train-tokenizer", file("none.txt"), "--out", file("t.gguf")))
                .isEqualTo(66);
        assertThat(complained()).contains("no such file");
        assertThat(jay("train-tokenizer", file("text.txt"), "--vocabulary", "9000", "--out", file("u.gguf")))
                .isEqualTo(2);
        assertThat(complained()).contains("the texts give only");
        assertThat(folder.resolve("u.gguf")).doesNotExist();
    }
}
