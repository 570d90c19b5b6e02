// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
    @TempDir
    private Path folder;

    @Test
    void shouldReplaceWhatWasThereAndLeaveNothingBeside() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "before, and longer");
        WholeFile.write(file, bytes("small"));
        assertThat(file).hasContent("small");
        Files.writeString(WholeFile.partOf(file), "what a killed process left, longer than all that comes");
        WholeFile.write(file, out -> out.write(ByteBuffer.wrap(bytes("large"))));
        assertThat(file).hasContent("large");
        assertThat(names()).containsExactly("a");
    }

    @Test
    void shouldKeepWhatWasThereWhereItFails() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "before");
        assertThatThrownBy(() -> WholeFile.write(file, out -> {
                    out.write(ByteBuffer.wrap(bytes("half")));
                    throw new IOException("the disk is full");
                }))
                .hasMessage("the disk is full");
        assertThatThrownBy(() -> WholeFile.write(folder.resolve("none").resolve("a"), bytes("small")))
                .isInstanceOf(IOException.class);
        assertThat(file).hasContent("before");
        assertThat(names()).containsExactly("a");
    }

    @Test
    void shouldBeOneOfThoseThatAreWrittenAtOnce() throws Exception {
        Path file = folder.resolve("a");
        List<String> all = new ArrayList<>();
        List<Future<?>> running = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 40; i++) {
                String text = ("" + i).repeat(1000 + i);
                all.add(text);
                running.add(threads.submit(() -> {
                    WholeFile.write(file, bytes(text));
                    return null;
                }));
            }
            for (Future<?> one : running) one.get();
        }
        assertThat(Files.readString(file)).isIn(all);
        assertThat(names()).containsExactly("a");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).toList();
        }
    }
}
