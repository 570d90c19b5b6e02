// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvCrewTest {
    private final KvCommand command = new KvCommand();

    @TempDir
    private Path folder;

    @Test
    void shouldSayTheSameHoweverManyAreAskedAtOnce() throws IOException {
        String model = command.randomModel(folder);
        Path text = Files.writeString(folder.resolve("t.txt"), "The cats sat on the mat, and it was red. ".repeat(40));
        List<String> alone = asked(model, text, "1");
        assertThat(alone).hasSize(3 * 2);
        assertThat(asked(model, text, "2")).isEqualTo(alone);
        assertThat(asked(model, text, "3")).as("more than there is work for").isEqualTo(alone);
        command.lines(2, model, "--smoke", "--tasks", "none", "--at-once", "0", "--recipes", "keys=f16 values=f16");
        assertThat(command.complained()).contains("at-once=0, allowed");
    }

    private List<String> asked(String model, Path text, String threads) {
        return command.lines(
                0,
                model,
                "--smoke",
                "--json",
                "--runs",
                "0",
                "--tasks",
                "needle",
                "--modes",
                "single",
                "--text",
                text.toString(),
                "--threads",
                threads,
                "--at-once",
                threads,
                "--recipes",
                "keys=bf16 values=bf16;keys=f16 values=f16;keys=f16 values=f16 evict=window(budget=64,recent=8)");
    }
}
