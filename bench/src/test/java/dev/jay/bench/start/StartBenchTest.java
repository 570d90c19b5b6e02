// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.start;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@DisabledOnOs(OS.WINDOWS)
class StartBenchTest {
    @TempDir
    Path folder;

    private String bench(int wanted, String... args) {
        StringWriter text = new StringWriter();
        int exit = new CommandLine(new StartBench())
                .setOut(new PrintWriter(text))
                .setErr(new PrintWriter(text))
                .execute(args);
        assertThat(exit).as(text.toString()).isEqualTo(wanted);
        return text.toString();
    }

    @Test
    void shouldTimeCommandsInTurnAndCompareThemWithTheLast() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "weights");
        Path slow = Files.writeString(folder.resolve("slow.sh"), "sleep 0.3; echo first; sleep 0.3");
        String[] rows = bench(0, "--file", file.toString(), "--runs", "3", "sh " + slow, "echo word")
                .split("\\R");
        assertThat(rows).hasSize(3);
        String[] slower = rows[1].trim().split(" +");
        double first = Double.parseDouble(slower[0]);
        assertThat(first).as("first byte").isGreaterThanOrEqualTo(0.3);
        assertThat(Double.parseDouble(slower[1])).as("end").isGreaterThan(first + 0.2);
        assertThat(Double.parseDouble(slower[3])).as("ratio").isPositive();
        assertThat(rows[2]).contains("1.00  echo word");
    }

    @Test
    void shouldSayWhichCommandFailed() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "weights");
        assertThat(bench(1, "--file", file.toString(), "false")).contains("exit status 1 of: false");
    }

    @Test
    void shouldLeaveOutTheMappedFileAlone() {
        List<String> smaps = List.of(
                "7f00-7f10 r--s 00000000 fe:00 12   /m/a.gguf",
                "Size:  1000 kB",
                "Rss:   1000 kB",
                "7f10-7f20 rw-p 00000000 00:00 0",
                "Rss:     20 kB",
                "7f20-7f30 r--p 00000000 fe:00 13   /lib/m/a.gguf.so",
                "Rss:      3 kB");
        assertThat(OneStart.beside(smaps, "/m/a.gguf")).isEqualTo(23 * 1024);
    }
}
