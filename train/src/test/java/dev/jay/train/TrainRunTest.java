// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.text.PreTokenizers;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.data.BytePairTrainer;
import dev.jay.train.data.TokenizerFile;
import dev.jay.train.report.Curves;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainRunTest {
    @TempDir
    private Path folder;

    /** Ends a run after so many steps, as a signal would. */
    private record Until(int steps) implements TrainRun.Watcher {
        @Override
        public void planned(TrainRoom room) {}

        @Override
        public void reading(String what, long bytes, long total) {}

        @Override
        public void step(int all, Curves.Row row, double tokensPerSecond, double secondsLeft) {
            if (row.step() == steps) throw new IllegalStateException("killed");
        }

        @Override
        public void note(String line) {}

        @Override
        public boolean isCancelled() {
            return false;
        }
    }

    private Recipe recipe() throws IOException {
        Files.writeString(folder.resolve("text.txt"), "The cats sat on the mat, and the mat was red. ".repeat(40));
        BytePairTrainer.Result bytes = new BytePairTrainer(PreTokenizers.ALL.make("qwen2")).train(256, (a, b) -> {});
        TokenizerFile.write(bytes, "qwen2", TokenizerFile.SPECIALS, folder.resolve("t.gguf"));
        String lines = "tokenizer = t.gguf\ndata = text.txt\nwidth = 32\nlayers = 1\nheads = 2\nkv-heads = 1\n"
                + "head-width = 16\nffn = 32\ncontext = 32\nlength = 32\nsequences = 1\nsteps = 100\n"
                + "checkpoint-every = 0\ncheckpoint-minutes = 10\n";
        return Recipe.read(Files.writeString(folder.resolve("r.properties"), lines), Map.of());
    }

    /** However few steps an hour has, no more than some minutes of them are lost. */
    @Test
    void shouldTakeACheckpointEverySoManyMinutes() throws IOException {
        Recipe recipe = recipe();
        Path run = folder.resolve("run");
        AtomicLong clock = new AtomicLong();
        try (Memory memory = Memory.withBudget(64 << 20);
                Workers workers = Workers.of(1);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory)) {
            TrainRun killed =
                    new TrainRun(recipe, run, memory, workers, () -> clock.addAndGet(60_000_000_000L), new Until(12));
            try {
                killed.run(kernels);
            } catch (IllegalStateException e) {
                assertThat(e).hasMessage("killed");
            }
        }
        assertThat(run.toFile().list((f, name) -> name.endsWith(".checkpoint")))
                .as("a minute passes at every look at the clock, three times a step")
                .isNotEmpty()
                .hasSizeLessThan(4)
                .doesNotContain("step-00000012.checkpoint");
    }
}
