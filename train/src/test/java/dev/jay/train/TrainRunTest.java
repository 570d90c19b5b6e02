// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainRunTest {
    @TempDir
    private Path folder;

    private static class Quiet implements TrainRun.Watcher {
        @Override
        public void planned(TrainRoom room) {}

        @Override
        public void reading(String what, long bytes, long total) {}

        @Override
        public void step(int all, Curves.Row row, double tokensPerSecond, double secondsLeft) {}

        @Override
        public void note(String line) {}

        @Override
        public boolean isCancelled() {
            return false;
        }
    }

    /** Ends a run after so many steps, as a signal would. */
    private static final class Until extends Quiet {
        private final int steps;

        Until(int steps) {
            this.steps = steps;
        }

        @Override
        public void step(int all, Curves.Row row, double tokensPerSecond, double secondsLeft) {
            if (row.step() == steps) throw new IllegalStateException("killed");
        }
    }

    private Recipe recipe() throws IOException {
        return recipe("steps = 100\n");
    }

    private Recipe recipe(String more) throws IOException {
        return recipe(more, Map.of());
    }

    private Recipe recipe(String more, Map<String, String> instead) throws IOException {
        Files.writeString(folder.resolve("text.txt"), "The cats sat on the mat, and the mat was red. ".repeat(40));
        BytePairTrainer.Result bytes = new BytePairTrainer(PreTokenizers.ALL.make("qwen2")).train(256, (a, b) -> {});
        TokenizerFile.write(bytes, "qwen2", TokenizerFile.SPECIALS, folder.resolve("t.gguf"));
        String lines = "tokenizer = t.gguf\ndata = text.txt\nwidth = 32\nlayers = 1\nheads = 2\nkv-heads = 1\n"
                + "head-width = 16\nffn = 32\ncontext = 64\nsequences = 1\nlength = 64\n"
                + "checkpoint-every = 0\ncheckpoint-minutes = 10\n" + more;
        return Recipe.read(Files.writeString(folder.resolve("r.properties"), lines), instead);
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

    /** A model written at the end and checkpoints among it: never more than was planned, and hardly less. */
    @Test
    void aRunShouldTakeWhatWasPlanned() throws IOException {
        Map<String, String> shape = Map.of("width", "128", "ffn", "384", "layers", "3", "heads", "8", "sequences", "3");
        for (String optimizer : new String[] {"adamw", "galore", "apollo-mini"}) {
            for (String recompute : new String[] {"no", "yes"}) {
                Recipe recipe = recipe(
                        "steps = 2\noptimizer = " + optimizer + "\nprecision = bf16\nrecompute = " + recompute + "\n",
                        shape);
                AtomicLong planned = new AtomicLong();
                Quiet watcher = new Quiet() {
                    @Override
                    public void planned(TrainRoom room) {
                        planned.set(room.bytes());
                    }
                };
                Path run = folder.resolve(optimizer + recompute);
                try (Memory memory = Memory.withBudget(256 << 20);
                        Workers workers = Workers.of(1);
                        KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory)) {
                    new TrainRun(recipe, run, memory, workers, System::nanoTime, watcher).run(kernels);
                    long code = memory.byPurpose().getOrDefault("machine-code", 0L);
                    assertThat(memory.peakBytes() - code)
                            .as("%s, recompute=%s, of %s", optimizer, recompute, memory.peakByPurpose())
                            .isBetween(planned.get() * 95 / 100, planned.get());
                }
            }
        }
    }

    /** Ends a run after so many steps, as whoever interrupts it does. */
    private static final class Stopped extends Quiet {
        private final int after;
        private int taken;

        Stopped(int after) {
            this.after = after;
        }

        @Override
        public void step(int all, Curves.Row row, double tokensPerSecond, double secondsLeft) {
            taken++;
        }

        @Override
        public boolean isCancelled() {
            return taken == after;
        }
    }

    private void run(Recipe recipe, String name, boolean changed, int... stops) throws IOException {
        try (Memory memory = Memory.withBudget(64 << 20);
                Workers workers = Workers.of(1);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory)) {
            for (int after : stops) {
                new TrainRun(recipe, folder.resolve(name), memory, workers, System::nanoTime, new Stopped(after))
                        .run(kernels, changed);
            }
        }
    }

    /** What a recipe changes on its way is what a run does that stops there and goes on with another recipe. */
    @Test
    void aRecipeOfStagesShouldDoWhatSeveralRunsDo() throws IOException {
        String begin = "rate = 0.003\nechoes = 0.5\n";
        String stages = "steps = 6\nsteps@4 = 9\nrate@4 = 0.001\nbatches@4 = 2\nlength@4 = 32,64@6\nechoes@7 = 0\n";
        run(recipe(begin + stages), "whole", false, -1);
        run(recipe(begin + stages), "parts", false, 4, 2, 2, -1);

        String second = "steps = 9\nbatches = 2\nlength = 32,64@6\n";
        run(recipe(begin + "steps = 6\n"), "runs", false, 4);
        run(recipe(begin.replace("0.003", "0.001") + second), "runs", true, 3);
        run(recipe("rate = 0.001\n" + second), "runs", true, -1);

        for (String other : List.of("parts", "runs")) {
            assertThat(folder.resolve(other).resolve("jay-tiny-f32.gguf"))
                    .hasSameBinaryContentAs(folder.resolve("whole/jay-tiny-f32.gguf"));
        }
        List<String> rows = Files.readAllLines(folder.resolve("whole/curves.csv"));
        assertThat(rows).hasSize(10);
        assertThat(rows.get(4)).startsWith("4,").contains(",256,");
        assertThat(rows.get(9)).startsWith("9,").contains(",896,"); // 4 of 64 tokens, 5 of 128
        assertThat(Files.readAllLines(folder.resolve("whole/recipes.txt"))).hasSize(1);
    }

    @Test
    void stagesShouldBeOfWhatAStepFollowsFrom() {
        assertThatThrownBy(() -> recipe("steps = 9\nwidth@4 = 64\n"))
                .hasMessageContaining("'width@4' is the same in the whole run");
        assertThatThrownBy(() -> recipe("steps = 9\nlength@4 = 32\n"))
                .hasMessageContaining("the greatest length from step 4 on is 32, allowed: that of the beginning, 64");
        assertThatThrownBy(() -> recipe("steps = 9\nrate@9 = 0.1\n"))
                .hasMessageContaining("something changes after step 9, and the run has 9");
        assertThatThrownBy(() -> recipe("steps = 9\nrate@4 = 0\n")).hasMessageContaining("rate = 0");
    }
}
