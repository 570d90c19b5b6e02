// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.sample.Sampling;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.merge.KvMerges;
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

/** Sequences that forget tokens, through the whole engine. */
@Timeout(120)
class ForgettingTest {
    private static final int CONTEXT = 256;

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("m.gguf");
        Synth.write("llama-tiny", "q8_0", 3, file);
        calibrate(); // some go by what was measured
    }

    private void calibrate() throws IOException {
        int[] tokens = IntStream.range(0, 80).map(t -> t * 31 % 500).toArray();
        Calibration.run(
                file,
                ModelOptions.defaults().withThreads(2),
                (_, _) -> List.of(new Calibration.Prompt(tokens, 20, 30, 70)),
                _ -> {});
    }

    private Model open(String recipe, int parallel, int stepTokens) throws IOException {
        return Model.open(
                file,
                ModelOptions.defaults()
                        .withThreads(2)
                        .withContextLength(CONTEXT)
                        .withParallel(parallel)
                        .withStepTokens(stepTokens)
                        .withKvRecipe(recipe));
    }

    private static Request request(int i) {
        int[] prompt = IntStream.range(0, 90 + 30 * i)
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
        return running.stream().map(ForgettingTest::ids).toList();
    }

    private static List<List<Integer>> alone(Model model) {
        List<List<Integer>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) all.add(ids(model.generate(request(i))));
        return all;
    }

    @Test
    void companyStepsAndWantOfRoomChangeNoAnswer() throws IOException {
        for (String name : KvEvictions.ALL.names()) {
            for (int every : new int[] {0, 16}) {
                String recipe = "keys=f16 values=f16 evict=" + name + "(budget=40,sinks=2,recent=8,every=" + every + ")"
                        + (every == 0 ? "" : " spread=pyramid(slope=0.5)");
                checkAnswers(recipe);
            }
        }
        for (String name : KvMerges.ALL.names()) {
            checkAnswers("keys=bf16 values=f16 evict=heavy-hitter(budget=40,recent=8,every=16) merge=" + name);
        }
    }

    private void checkAnswers(String recipe) throws IOException {
        List<List<Integer>> wanted;
        try (Model model = open(recipe, 4, 256)) {
            wanted = alone(model);
            assertThat(together(model)).as(recipe).isEqualTo(wanted);
        }
        try (Model model = open(recipe, 1, 24)) { // too few pages for all: some give way and begin again
            assertThat(together(model)).as(recipe).isEqualTo(wanted);
        }
    }

    @Test
    void whatIsForgottenChangesTheAnswerAndWhatIsNotDoesNot() throws IOException {
        List<List<Integer>> full;
        try (Model model = open("keys=f16 values=f16", 1, 256)) {
            full = alone(model);
        }
        try (Model model = open("keys=f16 values=f16 evict=window(budget=256)", 1, 256)) {
            assertThat(alone(model)).isEqualTo(full);
        }
        try (Model model = open("keys=f16 values=f16 evict=window(budget=40,every=16)", 1, 256)) {
            List<List<Integer>> left = alone(model);
            assertThat(left).isNotEqualTo(full);
            try (Model merging = open("keys=f16 values=f16 evict=window(budget=40,every=16) merge=nearest", 1, 256)) {
                assertThat(alone(merging)).isNotEqualTo(left);
            }
        }
    }

    /** Where a conversation forgot at an earlier prompt's end, it is as if it had been kept since. */
    @Test
    void promptsEndWhereTheRequestSays() throws IOException {
        try (Model model = open("keys=f16 values=f16 evict=prompt-window(budget=40,window=8)", 1, 256)) {
            Request first = request(0).withMaxTokens(6);
            List<Integer> answer = ids(model.generate(first));
            int[] more = IntStream.concat(
                            IntStream.of(first.prompt()), answer.stream().mapToInt(t -> t))
                    .toArray();
            Request again = first.withPrompt(more).withMaxTokens(6);
            List<Integer> goesOn = ids(model.generate(first.withMaxTokens(12)));
            assertThat(ids(model.generate(again.withPromptEnds(first.prompt().length))))
                    .isEqualTo(goesOn.subList(6, 12));
            assertThat(ids(model.generate(again))).isNotEqualTo(goesOn.subList(6, 12));
        }
    }

    /** A text's surprise counts what was forgotten only where a prompt was said to end. */
    @Test
    void perplexityBehindAPromptFeelsWhatWasForgotten() throws IOException {
        String text = "The cats sat on the mat, and it was red. ".repeat(40);
        double[] sums = new double[6];
        String[] evicts = {"", " evict=window(budget=256)", " evict=window(budget=40)"};
        for (int i = 0; i < evicts.length; i++) {
            try (Model model = open("keys=f16 values=f16" + evicts[i], 1, 256)) {
                for (Perplexity.Method method :
                        List.of(Perplexity.Method.AFTER_PROMPT, Perplexity.Method.SECOND_HALF)) {
                    Perplexity.Progress result = Perplexity.measure(model, text, 128, method, Numerics.EXACT, _ -> {});
                    assertThat(result.scored() % result.chunks()).isZero();
                    sums[method == Perplexity.Method.AFTER_PROMPT ? i : 3 + i] = result.sum();
                    if (method == Perplexity.Method.AFTER_PROMPT) {
                        assertThat(result.scored() / result.chunks()).isEqualTo(16);
                    }
                }
            }
        }
        assertThat(sums[1]).isEqualTo(sums[0]);
        assertThat(sums[2]).isNotEqualTo(sums[0]);
        assertThat(sums[4]).isEqualTo(sums[3]);
        assertThat(sums[5]).isEqualTo(sums[3]);
    }

    @Test
    void theyShareNothingAndTakeFewerPages() throws IOException {
        long full;
        try (Model model = open("keys=f16 values=f16", 1, 256)) {
            full = model.plan().setAside().get("kv-pages");
        }
        try (Model model = open("keys=f16 values=f16 evict=window(budget=40,every=16)", 1, 256)) {
            assertThat(model.plan().setAside().get("kv-pages")).isLessThan(full / 2);
            model.generate(request(0)).tokens();
            Generation again = model.generate(request(0));
            again.tokens();
            assertThat(again.usage().reusedTokens()).isZero();
        }
    }

    @Test
    void recipesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> open("keys=per-channel values=per-token evict=window", 1, 256))
                .hasMessageContaining("evict= wants codecs that code each row by itself");
        assertThatThrownBy(() -> open("keys=f16 values=f16 evict=window(budget=0)", 1, 256))
                .hasMessageContaining("budget=0");
        assertThatThrownBy(() -> open("keys=f16 values=f16 spread=pyramid", 1, 256))
                .hasMessageContaining("spread= shares out what evict= keeps");
        assertThatThrownBy(() -> open("keys=f16 values=f16 merge=similar", 1, 256))
                .hasMessageContaining("merge= takes in what evict= forgets");
        assertThatThrownBy(() -> open("keys=f16 values=f16 evict=nothing", 1, 256))
                .hasMessageContaining("known=[random, window");
    }

    @Test
    void layersWithAWindowAreRefused() throws IOException {
        Synth.write("gemma2-tiny", "q8_0", 3, file);
        assertThatThrownBy(() -> open("keys=f16 values=f16 evict=window", 1, 256))
                .hasMessageContaining("has a window of");
    }
}
