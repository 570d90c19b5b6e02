// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.merge.KvMerges;
import dev.jay.model.load.Synth;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sequences that forget tokens, through the whole engine. */
@Timeout(120)
class ForgettingTest {

    @TempDir
    private Path folder;

    private Asking asking;

    @BeforeEach
    void write() throws IOException {
        asking = new Asking(Asking.write(folder, "llama-tiny"), 4, 90, 30, 40, Asking.CONTEXT);
        calibrate(); // some go by what was measured
    }

    private void calibrate() throws IOException {
        int[] tokens = IntStream.range(0, 80).map(t -> t * 31 % 500).toArray();
        Calibration.run(
                asking.file(),
                ModelOptions.defaults().withThreads(2),
                (_, _) -> List.of(new Calibration.Prompt(tokens, 20, 30, 70)),
                true,
                (_, _) -> {});
    }

    @Test
    void companyStepsAndWantOfRoomChangeNoAnswer() throws IOException {
        for (String name : KvEvictions.ALL.names()) {
            for (int every : new int[] {0, 16}) {
                String recipe = "keys=f16 values=f16 evict=" + name + "(budget=40,sinks=2,recent=8,every=" + every + ")"
                        + (every == 0 ? "" : " spread=pyramid(slope=0.5)");
                asking.checkCompanyAndRoom(recipe);
            }
        }
        for (String evict : List.of("window(budget=24,every=16)", "prompt-window(budget=40,recent=8)")) {
            asking.checkCompanyAndRoom("keys=f16 values=f16 evict=" + evict + " spread=heads(whole=40)");
        }
        for (String name : KvMerges.ALL.names()) {
            asking.checkCompanyAndRoom(
                    "keys=bf16 values=f16 evict=heavy-hitter(budget=40,recent=8,every=16) merge=" + name);
        }
    }

    @Test
    void whatIsForgottenChangesTheAnswerAndWhatIsNotDoesNot() throws IOException {
        List<List<Integer>> full;
        try (Model model = asking.open("keys=f16 values=f16", 1, 256)) {
            full = asking.alone(model);
        }
        try (Model model = asking.open("keys=f16 values=f16 evict=window(budget=256)", 1, 256)) {
            assertThat(asking.alone(model)).isEqualTo(full);
        }
        try (Model model = asking.open("keys=f16 values=f16 evict=window(budget=40,every=16)", 1, 256)) {
            List<List<Integer>> left = asking.alone(model);
            assertThat(left).isNotEqualTo(full);
            try (Model merging =
                    asking.open("keys=f16 values=f16 evict=window(budget=40,every=16) merge=nearest", 1, 256)) {
                assertThat(asking.alone(merging)).isNotEqualTo(left);
            }
        }
    }

    /** Where a conversation forgot at an earlier prompt's end, it is as if it had been kept since. */
    @Test
    void promptsEndWhereTheRequestSays() throws IOException {
        try (Model model = asking.open("keys=f16 values=f16 evict=prompt-window(budget=40,window=8)", 1, 256)) {
            Request first = asking.request(0).withMaxTokens(6);
            List<Integer> answer = Asking.ids(model.generate(first));
            int[] more = IntStream.concat(
                            IntStream.of(first.prompt()), answer.stream().mapToInt(t -> t))
                    .toArray();
            Request again = first.withPrompt(more).withMaxTokens(6);
            List<Integer> goesOn = Asking.ids(model.generate(first.withMaxTokens(12)));
            assertThat(Asking.ids(model.generate(again.withPromptEnds(first.prompt().length))))
                    .isEqualTo(goesOn.subList(6, 12));
            assertThat(Asking.ids(model.generate(again))).isNotEqualTo(goesOn.subList(6, 12));
        }
    }

    /** A text's surprise counts what was forgotten only where a prompt was said to end. */
    @Test
    void perplexityBehindAPromptFeelsWhatWasForgotten() throws IOException {
        String text = "The cats sat on the mat, and it was red. ".repeat(40);
        double[] sums = new double[6];
        String[] evicts = {"", " evict=window(budget=256)", " evict=window(budget=40)"};
        for (int i = 0; i < evicts.length; i++) {
            try (Model model = asking.open("keys=f16 values=f16" + evicts[i], 1, 256)) {
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
        try (Model model = asking.open("keys=f16 values=f16", 1, 256)) {
            full = model.plan().setAside().get("kv-pages");
        }
        try (Model model = asking.open("keys=f16 values=f16 evict=window(budget=40,every=16)", 1, 256)) {
            assertThat(model.plan().setAside().get("kv-pages")).isLessThan(full / 2);
            model.generate(asking.request(0)).tokens();
            Generation again = model.generate(asking.request(0));
            again.tokens();
            assertThat(again.usage().reusedTokens()).isZero();
        }
    }

    @Test
    void recipesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> asking.open("keys=per-channel values=per-token evict=window", 1, 256))
                .hasMessageContaining("evict= wants codecs that code each row by itself");
        assertThatThrownBy(() -> asking.open("keys=f16 values=f16 evict=window(budget=0)", 1, 256))
                .hasMessageContaining("budget=0");
        assertThatThrownBy(() -> asking.open("keys=f16 values=f16 spread=pyramid", 1, 256))
                .hasMessageContaining("spread= shares out what evict= keeps");
        assertThatThrownBy(() -> asking.open("keys=f16 values=f16 merge=similar", 1, 256))
                .hasMessageContaining("merge= takes in what evict= forgets");
        assertThatThrownBy(() -> asking.open("keys=f16 values=f16 evict=nothing", 1, 256))
                .hasMessageContaining("known=[random, window");
    }

    @Test
    void layersWithAWindowAreRefused() throws IOException {
        Synth.write("gemma2-tiny", "q8_0", 3, asking.file());
        assertThatThrownBy(() -> asking.open("keys=f16 values=f16 evict=window", 1, 256))
                .hasMessageContaining("has a window of");
    }
}
