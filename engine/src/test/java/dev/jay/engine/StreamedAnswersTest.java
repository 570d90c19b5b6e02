// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.sample.Sampling;
import dev.jay.model.load.Synth;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Weights that do not fit the budget: read as they are used, and every answer what it was. */
@Timeout(120)
class StreamedAnswersTest {
    private static final long LAYER = 900 << 10; // a little more than one of the model's
    private static final ModelOptions OPTIONS = ModelOptions.defaults()
            .withThreads(2)
            .withContextLength(128)
            .withParallel(3)
            .withStepTokens(32)
            .withSeeds(() -> 9);

    @TempDir
    static Path folder;

    private static Path file;
    private static long weights;
    private static long others;

    @BeforeAll
    static void write() throws IOException {
        file = folder.resolve("m.gguf");
        Synth.write("llama-mini(layers=6,vocabulary=8000)", "q8_0", 3, file);
        try (Model model = Model.open(file, OPTIONS)) {
            weights = model.memory().byPurpose().get("weights");
            others = model.memory().promised() - weights;
        }
    }

    private static List<String> answers(ModelOptions options) throws IOException {
        List<String> texts = new ArrayList<>();
        try (Model model = Model.open(file, options)) {
            List<Generation> running = new ArrayList<>();
            for (Numerics numerics : Numerics.values()) {
                for (int i = 0; i < 3; i++) {
                    running.add(model.generate(Request.of(new int[] {1 + i, 20, 300, 4000 + i})
                            .withNumerics(numerics)
                            .withSampling(Sampling.GREEDY)
                            .withIgnoreEos(true)
                            .withLogprobs(2)
                            .withMaxTokens(12)));
                }
            }
            for (Generation g : running) texts.add(g.tokens().toString());
            assertThat(model.memory().used()).isLessThanOrEqualTo(model.memory().promised());
        }
        return texts;
    }

    @Test
    void shouldAnswerAsWithAllWeightsInMemory() throws IOException {
        List<String> whole = answers(OPTIONS);
        long spare = 1 << 20;
        for (long room : new long[] {2 * LAYER, 4 * LAYER, 6 * LAYER, weights}) {
            List<String> limited =
                    answers(OPTIONS.withBudgetBytes(others + spare + room + (room == weights ? 0 : LAYER / 8)));
            assertThat(limited.subList(0, 3))
                    .as("exact, room for weights: %d", room)
                    .isEqualTo(whole.subList(0, 3));
            assertThat(limited).as("room for weights: %d", room).hasSameSizeAs(whole);
        }
    }

    @Test
    void shouldSayWhatIsKeptAndTakeNoMoreThanTheBudget() throws IOException {
        long budget = others + (1 << 20) + 4 * LAYER;
        try (Model model = Model.open(file, OPTIONS.withBudgetBytes(budget))) {
            assertThat(model.describe()).contains("stay in memory").contains("read for every pass");
            assertThat(model.memory().promised()).isLessThanOrEqualTo(budget);
            assertThat(model.memory().byPurpose()).containsKeys("weights-streamed", "weights-kept");
        }
        try (Model model = Model.open(file, OPTIONS.withBudgetBytes(others + (1 << 20) + weights))) {
            assertThat(model.describe()).doesNotContain("read for every pass");
            assertThat(model.memory().byPurpose()).doesNotContainKey("weights-streamed");
        }
    }

    @Test
    void shouldNameTheKnobWhenNotEvenTwoLayersFit() {
        assertThatThrownBy(() -> Model.open(file, OPTIONS.withBudgetBytes(others + LAYER)))
                .isInstanceOf(OutOfBudgetException.class)
                .hasMessageContaining("raise --memory by")
                .hasMessageContaining("needed=");
    }

    @Test
    void shouldTellWhenTheFileIsCutWhileItIsRead() throws IOException {
        Path own = folder.resolve("own.gguf");
        Files.copy(file, own);
        try (Model model = Model.open(own, OPTIONS.withBudgetBytes(others + (1 << 20) + 3 * LAYER))) {
            Request request = Request.of(new int[] {1, 2, 3}).withMaxTokens(4).withIgnoreEos(true);
            assertThat(model.generate(request).tokens()).hasSize(4);
            try (FileChannel channel = FileChannel.open(own, StandardOpenOption.WRITE)) {
                channel.truncate(weights / 2);
            }
            assertThatThrownBy(() -> model.generate(request).text())
                    .isInstanceOf(GenerationException.class)
                    .hasStackTraceContaining("changed while in use");
        }
    }
}
