// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.sample.Sampling;
import dev.jay.kv.Beside;
import dev.jay.kv.prefill.KvPrefills;
import dev.jay.model.load.Synth;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sequences whose prompts read only some of what is before them, through the whole engine. */
@Timeout(120)
class PromptReadingTest {
    private static final String F16 = "keys=f16 values=f16";
    private static final String SMALL = "(every=128,recent=8)";
    private static final int CONTEXT = 512;
    private static final int SHARED = 300; // tokens that prompts begin with alike

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = Asking.write(folder, "llama-tiny");
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
        int[] prompt = IntStream.range(0, 340 + 50 * i)
                .map(t -> (t * 37 + (t > SHARED ? i : 0)) % 500)
                .toArray();
        return Request.of(prompt)
                .withNumerics(Numerics.EXACT)
                .withSampling(Sampling.GREEDY)
                .withIgnoreEos(true)
                .withMaxTokens(16);
    }

    private static List<List<Integer>> alone(Model model, boolean shares) {
        List<List<Integer>> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) all.add(Asking.ids(model.generate(request(i).withSharing(shares))));
        return all;
    }

    @Test
    void companyStepsSharingAndWantOfRoomChangeNoAnswer() throws IOException {
        List<String> recipes = new ArrayList<>();
        for (String name : KvPrefills.ALL.names()) recipes.add(F16 + " prefill=" + name + SMALL);
        recipes.add(
                "keys=bf16 values=f32 prefill=patterns(every=128,recent=8,gamma=0.5) select=best-pages(budget=128)");
        recipes.add(F16 + " prefill=patterns(every=128,recent=8,gamma=0.5) filter=early-layer(budget=40)");
        for (String recipe : recipes) {
            List<List<Integer>> wanted;
            try (Model model = open(recipe, 3, CONTEXT)) {
                wanted = alone(model, false);
                assertThat(alone(model, true)).as(recipe).isEqualTo(wanted);
                List<Generation> running = new ArrayList<>();
                for (int i = 0; i < 3; i++) running.add(model.generate(request(i)));
                assertThat(running.stream().map(Asking::ids)).as(recipe).isEqualTo(wanted);
            }
            try (Model model = open(recipe, 1, 24)) {
                List<Generation> running = new ArrayList<>();
                for (int i = 0; i < 3; i++) running.add(model.generate(request(i)));
                assertThat(running.stream().map(Asking::ids)).as(recipe).isEqualTo(wanted);
            }
        }
    }

    @Test
    void whatIsNotReadChangesTheAnswerAndReadingAllDoesNot() throws IOException {
        List<List<Integer>> full;
        try (Model model = open(F16, 1, 256)) {
            full = alone(model, true);
        }
        try (Model model = open(F16 + " prefill=patterns(gamma=1,every=128)", 1, 256)) {
            assertThat(alone(model, true)).isEqualTo(full);
        }
        try (Model model = open(F16 + " prefill=window(every=128,sinks=1,window=0,recent=0)", 1, 256)) {
            assertThat(alone(model, true)).isNotEqualTo(full);
        }
    }

    /** From where a stretch begins rows follow from the tokens before them; the prompt's last ones depend on its end. */
    @Test
    void wholeStretchesAreShared() throws IOException {
        try (Model model = open(F16 + " prefill=patterns" + SMALL, 2, 256)) {
            List<Integer> wanted = Asking.ids(model.generate(request(1).withSharing(false)));
            model.generate(request(0)).tokens();
            try (Generation second = model.generate(request(1))) {
                assertThat(Asking.ids(second)).isEqualTo(wanted);
                assertThat(second.usage().reusedTokens()).isEqualTo(256); // of 300 that they have in common
            }
        }
    }

    /** A step that fails takes back what its queries showed. */
    @Test
    void aStepThatIsRepeatedIsTheSame() throws IOException {
        Owned owned = new Owned();
        try {
            BoundModel bound = new BoundModel(
                    file,
                    ModelOptions.defaults()
                            .withThreads(2)
                            .withContextLength(CONTEXT)
                            .withKvRecipe(F16 + " prefill=patterns(every=128,recent=8,gamma=0.5)"),
                    owned);
            TransformerForward forward = bound.open(bound.plan());
            int[] prompt = request(2).prompt();
            byte[] wanted = logits(forward, prompt, false);
            assertThat(logits(forward, prompt, true)).isEqualTo(wanted);
        } finally {
            owned.close();
        }
    }

    private static byte[] logits(TransformerForward forward, int[] prompt, boolean fails) {
        try (SequenceCache cache = forward.open(Numerics.EXACT)) {
            cache.promptsEnd(prompt.length);
            byte[] logits = {};
            for (int at = 0; at < prompt.length; ) {
                int to = Math.min(prompt.length, at + 50);
                int rows = to == prompt.length ? 1 : 0;
                if (fails) {
                    int[] wrong = prompt.clone();
                    wrong[to - 1] = 3;
                    Forward.Slice first = new Forward.Slice(cache, wrong, at, to - at, to);
                    assertThatThrownBy(() -> forward.run(
                                    Numerics.EXACT, List.of(first, new Forward.Slice(broken(forward), wrong, 0, 1, 1))))
                            .isInstanceOf(IllegalStateException.class);
                }
                logits = forward.run(Numerics.EXACT, List.of(new Forward.Slice(cache, prompt, at, to - at, to - rows)))
                        .toArray(ValueLayout.JAVA_BYTE);
                at = to;
            }
            return logits;
        }
    }

    /** Fails in the last layer, when the others have run. */
    private static SequenceCache broken(TransformerForward forward) {
        return forward.open(Numerics.EXACT, kv -> new Beside(kv) {
            @Override
            public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values, Ops ops) {
                if (stream == 1) throw new IllegalStateException("broken");
                super.append(stream, position, count, keys, values, ops);
            }
        });
    }

    @Test
    void recipesThatCannotBeAreRefused() throws IOException {
        assertThatThrownBy(() -> open(F16 + " prefill=patterns evict=window", 1, 256))
                .hasMessageContaining("wanted one of the two");
        assertThatThrownBy(() -> open(F16 + " prefill=patterns(every=100)", 1, 256))
                .hasMessageContaining("every=100")
                .hasMessageContaining("a multiple of 64");
        assertThatThrownBy(() -> open(F16 + " prefill=patterns(gamma=0)", 1, 256))
                .hasMessageContaining("gamma=0");
        assertThatThrownBy(() -> open(F16 + " prefill=nothing", 1, 256))
                .hasMessageContaining("known=[window, patterns");
        assertThatThrownBy(() -> open("keys=per-channel values=per-token prefill=patterns", 1, 256))
                .hasMessageContaining("prefill= wants codecs that code each row by itself");
        Synth.write("gemma2-tiny", "q8_0", 3, file);
        assertThatThrownBy(() -> open(F16 + " prefill=patterns", 1, 256)).hasMessageContaining("has a window of");
    }
}
