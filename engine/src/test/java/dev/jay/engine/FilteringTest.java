// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.Beside;
import dev.jay.kv.HeadRows;
import dev.jay.kv.KvStream;
import dev.jay.kv.SeenQueries;
import dev.jay.kv.filter.KvFilter;
import dev.jay.kv.filter.KvFilters;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Models that run on some tokens of a prompt only, through the whole engine. */
@Timeout(120)
class FilteringTest {
    private static final String F16 = "keys=f16 values=f16";
    private static final String SMALL = "(budget=40,sinks=2,recent=8)";

    @TempDir
    private Path folder;

    private Asking asking;

    @BeforeEach
    void write() throws IOException {
        asking = new Asking(Asking.write(folder, "llama-tiny"), 4, 90, 30, 40, 30);
    }

    @Test
    void companyStepsAndWantOfRoomChangeNoAnswer() throws IOException {
        for (String name : KvFilters.ALL.names()) {
            asking.checkCompanyAndRoom(F16 + " filter=" + name + SMALL);
        }
        asking.checkCompanyAndRoom("keys=bf16 values=f32 filter=early-layer" + SMALL);
        asking.checkCompanyAndRoom(F16 + " filter=early-layer" + SMALL.replace("(", "(window=50,"));
        asking.checkCompanyAndRoom(
                "keys=per-channel(bits=4) values=per-token(bits=4,span=16) filter=early-layer" + SMALL);
        asking.checkCompanyAndRoom(
                F16 + " filter=early-layer" + SMALL + " select=best-pages(budget=96,sinks=2,recent=8)");
    }

    @Test
    void theAnswerIsThatToWhatPassed() throws IOException {
        for (String name : KvFilters.ALL.names()) {
            String filter = name + SMALL;
            for (int i = 0; i < asking.requests(); i++) {
                Request request = asking.request(i).withMaxTokens(12);
                int[] prompt = request.prompt();
                int[] passed = passed(F16 + " filter=" + filter, prompt, 64);
                assertThat(passed)
                        .hasSize(40)
                        .startsWith(0, 1)
                        .endsWith(IntStream.range(prompt.length - 8, prompt.length)
                                .toArray());
                int[] text = Arrays.stream(passed).map(t -> prompt[t]).toArray();
                try (Model filtering = asking.open(F16 + " filter=" + filter, 1, 256);
                        Model plain = asking.open(F16, 1, 256)) {
                    assertThat(Asking.ids(filtering.generate(request)))
                            .as(filter)
                            .isEqualTo(Asking.ids(plain.generate(request.withPrompt(text))))
                            .isNotEqualTo(Asking.ids(plain.generate(request)));
                }
            }
        }
    }

    /** The places that pass, of a prompt that came in steps of so many tokens. */
    private int[] passed(String recipe, int[] prompt, int step) throws IOException {
        Owned owned = new Owned();
        try {
            BoundModel bound = bound(recipe, owned);
            TransformerForward forward = bound.open(bound.plan());
            try (SequenceCache cache = forward.open(Numerics.EXACT)) {
                cache.promptsEnd(prompt.length);
                for (int at = 0; at < prompt.length; at = Math.min(prompt.length, at + step)) {
                    int count = Math.min(step, prompt.length - at);
                    forward.run(Numerics.EXACT, List.of(new Forward.Slice(cache, prompt, at, count, at + count)));
                }
                assertThat(cache.length()).isEqualTo(prompt.length);
                return ((FilteredCache) cache).passed();
            }
        } finally {
            owned.close();
        }
    }

    private BoundModel bound(String recipe, Owned owned) throws IOException {
        return new BoundModel(
                asking.file(),
                ModelOptions.defaults()
                        .withThreads(2)
                        .withContextLength(Asking.CONTEXT)
                        .withKvRecipe(recipe),
                owned);
    }

    /** Queries and keys of a layer that nobody filters, looked at from beside; plain sums of products. */
    @Test
    void whatPassesIsWhatTheLastQueryOfItsLayerPointsAt() throws IOException {
        int[] prompt = asking.request(2).prompt();
        for (int layer = 1; layer <= 2; layer++) {
            String parameters = "(budget=40,sinks=2,recent=8,layer=" + layer + ",pool=3,shares=0)";
            for (String rows : List.of(F16, "keys=f32 values=bf16", "keys=per-channel values=per-token(span=16)")) {
                double[] scores = scores(rows, layer - 1, prompt);
                KvFilter filter = KvFilters.ALL.make("early-layer" + parameters);
                float[] importance = new float[prompt.length];
                filter.rank(scores, importance);
                int[] wanted = filter.passing().best(importance);
                for (int step : new int[] {7, 64, 256}) {
                    assertThat(passed(rows + " filter=early-layer" + parameters, prompt, step))
                            .as(rows + " layer=" + layer)
                            .isEqualTo(wanted);
                }
            }
        }
    }

    /** Sums over queries of several passes, some of which are beside rows that are sealed by then. */
    @Test
    void stepsDoNotMatterToManyQueries() throws IOException {
        int[] prompt = asking.request(2).prompt();
        for (String rows : List.of(F16, "keys=per-channel values=per-token(span=16)")) {
            for (int shares = 0; shares <= 1; shares++) {
                String filter =
                        " filter=early-layer(budget=40,sinks=2,recent=8,pool=3,window=45,shares=" + shares + ")";
                int[] wanted = passed(rows + filter, prompt, 256);
                assertThat(wanted).isNotEqualTo(passed(rows + filter.replace("window=45", "window=1"), prompt, 256));
                for (int step : new int[] {1, 7, 32, 64}) {
                    assertThat(passed(rows + filter, prompt, step))
                            .as(rows + filter + " step=" + step)
                            .isEqualTo(wanted);
                }
            }
        }
    }

    private double[] scores(String recipe, int layer, int[] prompt) throws IOException {
        Owned owned = new Owned();
        try {
            BoundModel bound = bound(recipe, owned);
            TransformerForward forward = bound.open(bound.plan());
            KvStream shape = bound.spec().kvShape().streams().get(layer);
            List<double[]> all = new ArrayList<>();
            SequenceCache cache = forward.open(Numerics.EXACT, kv -> new Beside(kv) {
                @Override
                public int watchedFrom(int stream, int to) {
                    return stream == layer ? to - 1 : to;
                }

                @Override
                public void see(int stream, int head, SeenQueries seen) {
                    double[] its = products(this, stream, head, seen, shape);
                    synchronized (all) {
                        all.add(its);
                    }
                }
            });
            try (cache) {
                int n = prompt.length;
                forward.run(Numerics.EXACT, List.of(new Forward.Slice(cache, prompt, 0, n, n)));
            }
            double[] sums = new double[prompt.length];
            for (double[] its : all) for (int t = 0; t < sums.length; t++) sums[t] += its[t];
            return sums;
        } finally {
            owned.close();
        }
    }

    private static double[] products(Beside source, int stream, int head, SeenQueries seen, KvStream shape) {
        int tokens = seen.position() + 1;
        int group = source.recipe(stream).group();
        float[] keys = new float[tokens * shape.keyWidth()];
        float[] values = new float[tokens * shape.valueWidth()];
        HeadRows rows = new HeadRows(MemorySegment.ofArray(keys), 0, MemorySegment.ofArray(values), 0);
        int sealed = group == 1 ? tokens : (tokens - 1) / group * group;
        if (sealed > 0) source.coded(stream, head, 0, sealed, rows);
        if (sealed < tokens) {
            source.recent(
                    stream,
                    head,
                    sealed,
                    tokens,
                    new HeadRows(rows.keys(), 4L * sealed * shape.keyWidth(), rows.values(), 0));
        }
        double[] its = new double[tokens];
        for (int g = 0; g < seen.group(); g++) {
            long row = (long) seen.row() * seen.queryHeads() + (long) head * seen.group() + g;
            for (int t = 0; t < tokens; t++) {
                for (int c = 0; c < shape.keyWidth(); c++) {
                    its[t] += (double) Floats.get(seen.queries(), row * shape.keyWidth() + c)
                            * keys[t * shape.keyWidth() + c];
                }
            }
        }
        return its;
    }

    @Test
    void aPromptThatAllPassesRunsAsItIs() throws IOException {
        try (Model filtering = asking.open(F16 + " filter=early-layer(budget=256)", 1, 256);
                Model plain = asking.open(F16, 1, 256)) {
            assertThat(asking.alone(filtering)).isEqualTo(asking.alone(plain));
        }
    }

    /** What a conversation said before is filtered anew with each question. */
    @Test
    void theLastPromptSaysWhatPasses() throws IOException {
        String recipe = F16 + " filter=early-layer" + SMALL;
        Request request = asking.request(3).withMaxTokens(8);
        try (Model model = asking.open(recipe, 1, 256)) {
            List<Integer> wanted = Asking.ids(model.generate(request));
            assertThat(Asking.ids(model.generate(request.withPromptEnds(60, request.prompt().length))))
                    .isEqualTo(wanted);
        }
    }

    @Test
    void onlyScoresBehindAPromptAreTold() throws IOException {
        String text = "The cats sat on the mat, and it was red. ".repeat(40);
        double[] sums = new double[3];
        String[] filters = {"", " filter=random(budget=256)", " filter=random" + SMALL};
        for (int i = 0; i < sums.length; i++) {
            try (Model model = asking.open(F16 + filters[i], 1, 64)) {
                sums[i] = Perplexity.measure(model, text, 128, Perplexity.Method.AFTER_PROMPT, Numerics.EXACT, _ -> {})
                        .sum();
            }
        }
        assertThat(sums[1]).isEqualTo(sums[0]);
        assertThat(sums[2]).isNotEqualTo(sums[0]);
        try (Model model = asking.open(F16 + filters[2], 1, 64)) {
            assertThatThrownBy(() -> Perplexity.measure(
                            model, text, 128, Perplexity.Method.SECOND_HALF, Numerics.EXACT, _ -> {}))
                    .hasMessageContaining("no scores before its end: promptScores=65")
                    .hasMessageContaining("promptEnd=128");
        }
    }

    @Test
    void theyShareNothing() throws IOException {
        try (Model model = asking.open(F16 + " filter=early-layer" + SMALL, 1, 256)) {
            List<Integer> answer = Asking.ids(model.generate(asking.request(0)));
            Generation again = model.generate(asking.request(0));
            assertThat(Asking.ids(again)).isEqualTo(answer);
            assertThat(again.usage().reusedTokens()).isZero();
            assertThat(again.usage().promptTokens()).isEqualTo(asking.request(0).prompt().length);
        }
    }

    @Test
    void afterThePromptNoMoreIsHeldThanPassed() throws IOException {
        Owned owned = new Owned();
        try {
            BoundModel bound = bound(F16 + " filter=early-layer" + SMALL, owned);
            TransformerForward forward = bound.open(bound.plan());
            int free = forward.pool().free();
            int[] prompt = asking.request(3).prompt();
            int n = prompt.length;
            try (SequenceCache cache = forward.open(Numerics.FAST)) {
                cache.promptsEnd(n);
                forward.run(Numerics.FAST, List.of(new Forward.Slice(cache, prompt, 0, n - 1, n - 1)));
                assertThat(free - forward.pool().free()).isPositive();
                forward.run(Numerics.FAST, List.of(new Forward.Slice(cache, prompt, n - 1, 1, n - 1)));
                Owned plain = new Owned();
                int held = free - forward.pool().free();
                try {
                    BoundModel full = bound(F16, plain);
                    assertThat(held).isEqualTo(full.open(full.plan()).pagesFor(40, Numerics.FAST));
                } finally {
                    plain.close();
                }
            }
            assertThat(forward.pool().free()).isEqualTo(free);
        } finally {
            owned.close();
        }
    }

    @Test
    void recipesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> asking.open(F16 + " filter=early-layer evict=window", 1, 256))
                .hasMessageContaining("evict= forgets tokens before filter= has compared them");
        assertThatThrownBy(() -> asking.open(F16 + " filter=early-layer(layer=99)", 1, 256))
                .hasMessageContaining("layer=99");
        assertThatThrownBy(() -> asking.open(F16 + " filter=early-layer(budget=8)", 1, 256))
                .hasMessageContaining("budget=8");
        assertThatThrownBy(() -> asking.open(F16 + " filter=early-layer(pool=2)", 1, 256))
                .hasMessageContaining("pool=2");
        assertThatThrownBy(() -> asking.open(F16 + " filter=nothing", 1, 256))
                .hasMessageContaining("known=[random, early-layer");
    }
}
