// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonFormat;
import dev.jay.tensor.Shared;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/** Broken files cost a small process little time, little memory and one line. */
class BrokenFilesTest {
    private static final int MOST_MILLIS = 20_000; // nothing hangs; a busy machine takes seconds

    @TempDir
    Path folder;

    @Test
    void shouldRefuseBrokenFilesQuicklyInASmallProcess() throws Exception {
        Path sound = write(
                "sound.gguf",
                GgufBytes.header(1, 0).tensor("w", 0, 0, 8).pad(32).zeros(32),
                0);
        List<Path> broken = new ArrayList<>(brokenContainers());
        broken.add(write(
                "text.gguf", GgufBytes.header(0, 1).pair("k", GgufType.STRING).i64(1L << 29), 1L << 30));
        broken.add(write("texts.gguf", GgufBytes.header(0, 1).array("k", GgufType.STRING, 5_000_000), 1L << 30));
        broken.add(write("bytes.gguf", GgufBytes.header(0, 1).array("k", GgufType.U8, 16_000_000), 1L << 30));
        broken.add(write(
                "lines.gguf", GgufBytes.header(2, 0).tensor("a\nb", 0, 0, 8).tensor("a\nb", 32, 0, 8), 4096));
        broken.add(write("long.safetensors", new GgufBytes().i64(16 << 20).i8('{'), 1L << 30));
        broken.add(write("longer.safetensors", new GgufBytes().i64(1L << 29).i8('{'), 1L << 30));
        List<String> said = opened(sound, broken);
        assertThat(said.getFirst()).endsWith(" ok 1");
        for (int i = 0; i < broken.size(); i++) {
            String line = said.get(i + 1);
            assertThat(line)
                    .as(broken.get(i).toString())
                    .contains(" refused " + broken.get(i))
                    .doesNotContain("|");
            assertThat(Integer.parseInt(line.substring(0, line.indexOf(' '))))
                    .as(line)
                    .isLessThan(MOST_MILLIS);
        }
    }

    private static List<Path> brokenContainers() throws IOException {
        List<Path> broken = new ArrayList<>();
        for (String kind : List.of("gguf", "safetensors")) {
            Path folder =
                    Shared.data("3-containers/" + kind + "/expectations.json").getParent();
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(f -> f.getFileName().toString().startsWith("bad-"))
                        .sorted()
                        .forEach(broken::add);
            }
        }
        assertThat(broken).hasSizeGreaterThan(10);
        return broken;
    }

    /** Long files take no room on the disk: they are zeros after their start. */
    private Path write(String name, GgufBytes start, long size) throws IOException {
        Path file = Files.write(folder.resolve(name), start.bytes());
        if (size > 0) {
            try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
                f.setLength(size);
            }
        }
        return file;
    }

    /** A line for each file, from a process of 64 MiB of heap. */
    private static List<String> opened(Path sound, List<Path> broken) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                String.join(
                        System.getProperty("path.separator"),
                        Stream.of(
                                        Gguf.class,
                                        Memory.class,
                                        OpenedInLittleMemory.class,
                                        JsonFactory.class,
                                        JsonMapper.class,
                                        JsonFormat.class)
                                .map(BrokenFilesTest::placeOf)
                                .distinct()
                                .toList()),
                OpenedInLittleMemory.class.getName(),
                sound.toString()));
        broken.forEach(file -> command.add(file.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(said).isZero();
            return said.lines().toList();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String placeOf(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
