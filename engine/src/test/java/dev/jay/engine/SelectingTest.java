// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.select.KvSelections;
import dev.jay.model.load.Synth;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sequences whose queries read only what they select, through the whole engine. */
@Timeout(120)
class SelectingTest {
    private static final String F16 = "keys=f16 values=f16";
    private static final String SMALL = "(budget=128,sinks=2,recent=8)";

    @TempDir
    private Path folder;

    private Asking asking;

    @BeforeEach
    void write() throws IOException {
        asking = new Asking(Asking.write(folder, "llama-tiny"), 4, 100, 30, 40, Asking.CONTEXT);
    }

    @Test
    void companyStepsAndWantOfRoomChangeNoAnswer() throws IOException {
        for (String name : KvSelections.ALL.names()) {
            String recipe = F16 + " select=" + name + SMALL;
            asking.checkCompanyAndRoom(recipe);
        }
    }

    @Test
    void whatIsNotReadChangesTheAnswerAndReadingAllDoesNot() throws IOException {
        List<List<Integer>> full;
        try (Model model = asking.open(F16, 1, 256)) {
            full = asking.alone(model);
        }
        try (Model model = asking.open(F16 + " select=best-pages(budget=256)", 1, 256)) {
            assertThat(asking.alone(model)).isEqualTo(full);
        }
        try (Model model = asking.open(F16 + " select=random" + SMALL, 1, 256)) {
            assertThat(asking.alone(model)).isNotEqualTo(full);
        }
    }

    /** Where the prompt is said to end early, the rest of it is read as an answer would be. */
    @Test
    void queriesSelectFromTheEndOfTheLastPromptOn() throws IOException {
        try (Model model = asking.open(F16 + " select=random" + SMALL, 1, 256)) {
            Request first = asking.request(2).withMaxTokens(6);
            List<Integer> answer = Asking.ids(model.generate(first));
            int[] more = IntStream.concat(
                            IntStream.of(first.prompt()), answer.stream().mapToInt(t -> t))
                    .toArray();
            Request again = first.withPrompt(more);
            List<Integer> goesOn = Asking.ids(model.generate(first.withMaxTokens(12)));
            assertThat(Asking.ids(model.generate(again.withPromptEnds(first.prompt().length))))
                    .isEqualTo(goesOn.subList(6, 12));
        }
    }

    /** What an answer's tokens keep depends on where its prompt ended; a prompt's do not. */
    @Test
    void promptsAreSharedAndAnswersAreNot() throws IOException {
        Request first = asking.request(3).withMaxTokens(20);
        int[] prompt = first.prompt();
        List<Integer> answer;
        List<Integer> wanted;
        Request second;
        try (Model model = asking.open(F16 + " select=random" + SMALL, 2, 256)) {
            answer = Asking.ids(model.generate(first.withSharing(false)));
            second = first.withPrompt(
                    IntStream.concat(IntStream.of(prompt), answer.stream().mapToInt(t -> t))
                            .toArray());
            wanted = Asking.ids(model.generate(second.withSharing(false)));
        }
        try (Model model = asking.open(F16 + " select=random" + SMALL, 2, 256)) {
            assertThat(Asking.ids(model.generate(first))).isEqualTo(answer);
            try (Generation again = model.generate(first)) {
                assertThat(Asking.ids(again)).isEqualTo(answer);
                assertThat(again.usage().reusedTokens()).isGreaterThan(prompt.length / 2);
            }
            try (Generation goesOn = model.generate(second)) {
                assertThat(Asking.ids(goesOn)).isEqualTo(wanted);
                assertThat(goesOn.usage().reusedTokens())
                        .isGreaterThan(prompt.length / 2)
                        .isLessThanOrEqualTo(prompt.length);
            }
            List<Generation> together = List.of(model.generate(first), model.generate(second), model.generate(first));
            assertThat(together.stream().map(Asking::ids)).containsExactly(answer, wanted, answer);
        }
    }

    /** What waits in the file is the prompt's rows; the answer so far runs again, and selects what it selected. */
    @Test
    void anAnswerThatWasParkedGoesOnAsIfItHadNot() throws IOException {
        ModelOptions options = ModelOptions.defaults()
                .withThreads(2)
                .withContextLength(Asking.CONTEXT)
                .withKvRecipe("keys=f16 values=f16 select=random" + SMALL);
        Request request = asking.request(1);
        List<Integer> wanted;
        try (Model model = Model.open(asking.file(), options)) {
            wanted = Asking.ids(model.generate(request));
        }
        ModelOptions kept = options.withKvFile(folder.resolve("kv"));
        try (Model model = Model.open(asking.file(), kept)) {
            var pieces = model.generate(request).iterator();
            for (int i = 0; i < 60; i++) pieces.next();
        } // closed while it runs
        try (Model model = Model.open(asking.file(), kept)) {
            assertThat(Asking.ids(model.generate(request))).isEqualTo(wanted);
            assertThat(model.status().resumed()).isEqualTo(1);
            assertThat(model.status().reusedTokens()).isBetween(96L, (long) request.prompt().length);
        }
    }

    @Test
    void recipesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> asking.open(F16 + " select=best-pages evict=window", 1, 256))
                .hasMessageContaining("wanted one of the two");
        assertThatThrownBy(() -> asking.open(F16 + " select=best-pages(budget=100)", 1, 256))
                .hasMessageContaining("budget=100")
                .hasMessageContaining("a multiple of 32");
        assertThatThrownBy(() -> asking.open(F16 + " select=landmarks(budget=128,outliers=9)", 1, 256))
                .hasMessageContaining("outliers=9");
        assertThatThrownBy(() -> asking.open(F16 + " select=nothing", 1, 256))
                .hasMessageContaining("known=[random, best-pages");
        assertThatThrownBy(() -> Model.open(
                        asking.file(),
                        ModelOptions.defaults().withKvRecipe("keys=per-channel values=per-token select=best-pages")))
                .hasMessageContaining("select= wants codecs that code each row by itself");
    }

    @Test
    void layersWithAWindowAreRefused() throws IOException {
        Synth.write("gemma2-tiny", "q8_0", 3, asking.file());
        assertThatThrownBy(() -> asking.open(F16 + " select=best-pages", 1, 256))
                .hasMessageContaining("has a window of");
    }
}
