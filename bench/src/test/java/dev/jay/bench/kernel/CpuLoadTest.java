// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuLoadTest {
    @TempDir
    Path proc;

    @Test
    void shouldCountWhatOthersTookAndNotItsOwn() throws IOException {
        write(1000, 0, 100, 20);
        CpuLoad load = new CpuLoad(proc);
        write(1050, 7, 130, 25); // 57 ticks busy, 35 of them mine
        assertThat(load.othersSeconds()).isCloseTo(0.21, within(1e-9)); // less a tick of rounding
        assertThat(load.othersSeconds()).isZero();
        write(1090, 7, 170, 25);
        assertThat(load.othersSeconds()).isZero();
    }

    @Test
    void shouldKnowNothingWhereTheSystemTellsNothing() {
        assertThat(new CpuLoad(proc).othersSeconds()).isZero();
    }

    private void write(long user, long steal, long utime, long stime) throws IOException {
        Files.writeString(proc.resolve("stat"), "cpu  " + user + " 0 0 99999 50 0 0 " + steal + " 12 0\ncpu0 1 2 3\n");
        Files.createDirectories(proc.resolve("self"));
        Files.writeString(
                proc.resolve("self/stat"),
                "7 (a (b) c) R 1 1 1 0 -1 4194304 1 0 0 0 " + utime + " " + stime + " 0 0 20 0 1 0 1\n");
    }
}
