// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.sample.Sampling;
import dev.jay.kv.select.KvSelections;
import dev.jay.model.load.Synth;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sequences whose queries read only what they select, through the whole engine. */
@Timeout(120)
class SelectingTest {
    private static final int CONTEXT = 256;
    private static final String SMALL = "(budget=128,sinks=2,recent=8)";

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("m.gguf");
        Synth.write("llama-tiny", "q8_0", 3, file);
    }

    private Model open(String recipe, int parallel, int stepTokens) throws IOException {
        return Model.open(
                file,
                ModelOptions.defaults()
                        .withThreads(2)
                        .withContextLength(CONTEXT)
                        .withParallel(parallel)
                        .withStepTokens(stepTokens)
                        .withKvRecipe("keys=f16 values=f16" + recipe));
    }

    private static Request request(int i) {
        int[] prompt = IntStream.range(0, 100 + 30 * i)
                .map(t -> (t * 37 + (t > 40 ? i : 0)) % 500)
                .toArray();
        return Request.of(prompt)
                .withNumerics(Numerics.EXACT)
                .withSampling(Sampling.GREEDY)
                .withIgnoreEos(true)
                .withMaxTokens(CONTEXT - prompt.length - 10);
    }

    private static List<Integer> ids(Generation generation) {
        return generation.tokens().stream().map(Choice::token).toList();
    }

    private static List<List<Integer>> together(Model model) {
        List<Generation> running = new ArrayList<>();
        for (int i = 0; i < 4; i++) running.add(model.generate(request(i)));
        return running.stream().map(SelectingTest::ids).toList();
    }

    private static List<List<Integer>> alone(Model model) {
        List<List<Integer>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) all.add(ids(model.generate(request(i))));
        return all;
    }

    @Test
    void companyStepsAndWantOfRoomChangeNoAnswer() throws IOException {
        for (String name : KvSelections.ALL.names()) {
            String recipe = " select=" + name + SMALL;
            List<List<Integer>> wanted;
            try (Model model = open(recipe, 4, 256)) {
                wanted = alone(model);
                assertThat(together(model)).as(recipe).isEqualTo(wanted);
            }
            try (Model model = open(recipe, 1, 24)) { // too few pages for all: some give way and begin again
                assertThat(together(model)).as(recipe).isEqualTo(wanted);
            }
        }
    }

    @Test
    void whatIsNotReadChangesTheAnswerAndReadingAllDoesNot() throws IOException {
        List<List<Integer>> full;
        try (Model model = open("", 1, 256)) {
            full = alone(model);
        }
        try (Model model = open(" select=best-pages(budget=256)", 1, 256)) {
            assertThat(alone(model)).isEqualTo(full);
        }
        try (Model model = open(" select=random" + SMALL, 1, 256)) {
            assertThat(alone(model)).isNotEqualTo(full);
        }
    }

    /** Where the prompt is said to end early, the rest of it is read as an answer would be. */
    @Test
    void queriesSelectFromTheEndOfTheLastPromptOn() throws IOException {
        try (Model model = open(" select=random" + SMALL, 1, 256)) {
            Request first = request(2).withMaxTokens(6);
            List<Integer> answer = ids(model.generate(first));
            int[] more = IntStream.concat(
                            IntStream.of(first.prompt()), answer.stream().mapToInt(t -> t))
                    .toArray();
            Request again = first.withPrompt(more);
            List<Integer> goesOn = ids(model.generate(first.withMaxTokens(12)));
            assertThat(ids(model.generate(again.withPromptEnds(first.prompt().length))))
                    .isEqualTo(goesOn.subList(6, 12));
        }
    }

    /** What an answer's tokens keep depends on where its prompt ended; a prompt's do not. */
    @Test
    void promptsAreSharedAndAnswersAreNot() throws IOException {
        Request first = request(3).withMaxTokens(20);
        int[] prompt = first.prompt();
        List<Integer> answer;
        List<Integer> wanted;
        Request second;
        try (Model model = open(" select=random" + SMALL, 2, 256)) {
            answer = ids(model.generate(first.withSharing(false)));
            second = first.withPrompt(
                    IntStream.concat(IntStream.of(prompt), answer.stream().mapToInt(t -> t))
                            .toArray());
            wanted = ids(model.generate(second.withSharing(false)));
        }
        try (Model model = open(" select=random" + SMALL, 2, 256)) {
            assertThat(ids(model.generate(first))).isEqualTo(answer);
            try (Generation again = model.generate(first)) {
                assertThat(ids(again)).isEqualTo(answer);
                assertThat(again.usage().reusedTokens()).isGreaterThan(prompt.length / 2);
            }
            try (Generation goesOn = model.generate(second)) {
                assertThat(ids(goesOn)).isEqualTo(wanted);
                assertThat(goesOn.usage().reusedTokens())
                        .isGreaterThan(prompt.length / 2)
                        .isLessThanOrEqualTo(prompt.length);
            }
            List<Generation> together = List.of(model.generate(first), model.generate(second), model.generate(first));
            assertThat(together.stream().map(SelectingTest::ids)).containsExactly(answer, wanted, answer);
        }
    }

    /** What waits in the file is the prompt's rows; the answer so far runs again, and selects what it selected. */
    @Test
    void anAnswerThatWasParkedGoesOnAsIfItHadNot() throws IOException {
        ModelOptions options = ModelOptions.defaults()
                .withThreads(2)
                .withContextLength(CONTEXT)
                .withKvRecipe("keys=f16 values=f16 select=random" + SMALL);
        Request request = request(1);
        List<Integer> wanted;
        try (Model model = Model.open(file, options)) {
            wanted = ids(model.generate(request));
        }
        ModelOptions kept = options.withKvFile(folder.resolve("kv"));
        try (Model model = Model.open(file, kept)) {
            var pieces = model.generate(request).iterator();
            for (int i = 0; i < 60; i++) pieces.next();
        } // closed while it runs
        try (Model model = Model.open(file, kept)) {
            assertThat(ids(model.generate(request))).isEqualTo(wanted);
            assertThat(model.status().resumed()).isEqualTo(1);
            assertThat(model.status().reusedTokens()).isBetween(96L, (long) request.prompt().length);
        }
    }

    @Test
    void recipesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> open(" select=best-pages evict=window", 1, 256))
                .hasMessageContaining("wanted one of the two");
        assertThatThrownBy(() -> open(" select=best-pages(budget=100)", 1, 256))
                .hasMessageContaining("budget=100")
                .hasMessageContaining("a multiple of 32");
        assertThatThrownBy(() -> open(" select=landmarks(budget=128,outliers=9)", 1, 256))
                .hasMessageContaining("outliers=9");
        assertThatThrownBy(() -> open(" select=nothing", 1, 256)).hasMessageContaining("known=[random, best-pages");
        assertThatThrownBy(() -> Model.open(
                        file,
                        ModelOptions.defaults().withKvRecipe("keys=per-channel values=per-token select=best-pages")))
                .hasMessageContaining("select= wants codecs that code each row by itself");
    }

    @Test
    void layersWithAWindowAreRefused() throws IOException {
        Synth.write("gemma2-tiny", "q8_0", 3, file);
        assertThatThrownBy(() -> open(" select=best-pages", 1, 256)).hasMessageContaining("has a window of");
    }
}
