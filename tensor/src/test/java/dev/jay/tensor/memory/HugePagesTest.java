// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HugePagesTest {
    private static final String HEAD = "00400000-7ffc7e5ff000 ---p 00000000 00:00 0    [rollup]\n";

    @TempDir
    private Path folder;

    @Test
    void shouldCountWhatLiesInHugePages() throws IOException {
        assertThat(said("Rss: 1000 kB\nAnonHugePages: 400 kB\nFilePmdMapped: 200 kB\n"))
                .isTrue();
        assertThat(said("Rss: 1000 kB\nAnonHugePages: 0 kB\nShmemPmdMapped: 0 kB\nFilePmdMapped: 500 kB\n"))
                .isFalse();
    }

    @Test
    void shouldSayNoWhereTheSystemDoesNotTell() throws IOException {
        assertThat(said("")).isFalse();
        assertThat(said("Rss: many kB\nAnonHugePages: kB\n")).isFalse();
        HugePages none = new HugePages(folder.resolve("none"));
        none.look(0);
        assertThat(none.holdMost()).isFalse();
    }

    @Test
    void shouldLookLessAndLessOften() throws IOException {
        Path rollup = Files.writeString(folder.resolve("rollup"), HEAD + "Rss: 10 kB\nAnonHugePages: 0 kB\n");
        HugePages pages = new HugePages(rollup);
        pages.look(-5);
        Files.writeString(rollup, HEAD + "Rss: 10 kB\nAnonHugePages: 8 kB\n");
        pages.look(HugePages.FIRST_NANOS - 6);
        assertThat(pages.holdMost()).isFalse();
        pages.look(HugePages.FIRST_NANOS);
        assertThat(pages.holdMost()).isTrue();
        Files.delete(rollup);
        pages.look(2 * HugePages.FIRST_NANOS);
        assertThat(pages.holdMost()).as("not looked again").isTrue();
        pages.look(3 * HugePages.FIRST_NANOS);
        assertThat(pages.holdMost()).isFalse();
    }

    @Test
    void shouldFindThisProcessesHugePages() {
        try (Memory memory = Memory.withBudget(1L << 30);
                Region region = memory.reserve("test", 600L << 20)) {
            region.inHugePages();
            region.bytes().fill((byte) 1);
            memory.hugePages().look(System.nanoTime());
            boolean given =
                    thpKiB() * 1024 > region.size() / 2; // where the system gives none, there is nothing to find
            assertThat(memory.hugePages().holdMost()).isEqualTo(given);
        }
    }

    private static long thpKiB() {
        try {
            return Files.readAllLines(Path.of("/proc/self/smaps_rollup")).stream()
                    .filter(l -> l.startsWith("AnonHugePages:"))
                    .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")))
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }

    private boolean said(String text) throws IOException {
        HugePages pages = new HugePages(Files.writeString(folder.resolve("rollup"), HEAD + text));
        pages.look(0);
        return pages.holdMost();
    }
}
