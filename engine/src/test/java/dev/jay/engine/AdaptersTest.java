// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.sample.Sampling;
import dev.jay.model.load.SynthAdapters;
import dev.jay.model.load.SynthFiles;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real model with adapters that requests choose. */
class AdaptersTest {
    private static final int[] PROMPT =
            IntStream.range(0, 70).map(i -> 3 + i * 7 % 200).toArray();

    @TempDir
    private Path folder;

    private Path file;
    private Path first;
    private Path second;

    @BeforeEach
    void write() throws IOException {
        file = SynthFiles.write(folder.resolve("m.gguf"), Map.of());
        first = SynthAdapters.write(folder.resolve("first.gguf"), file, 1);
        second = SynthAdapters.write(folder.resolve("second.gguf"), file, 2);
    }

    private ModelOptions options(Path... adapters) {
        List<AdapterFile> files = new ArrayList<>();
        for (Path each : adapters) files.add(new AdapterFile(each.getFileName().toString(), each, 0));
        return ModelOptions.defaults().withContextLength(128).withParallel(8).withAdapters(files);
    }

    private static Request request() {
        return Request.of(PROMPT)
                .withSampling(Sampling.GREEDY)
                .withNumerics(Numerics.EXACT)
                .withIgnoreEos(true)
                .withLogprobs(2)
                .withMaxTokens(12);
    }

    private static List<AdapterMix> mixes(Model model) {
        LoadedAdapter a = model.adapters().get(0);
        LoadedAdapter b = model.adapters().get(1);
        return List.of(
                AdapterMix.NONE,
                AdapterMix.of(a, 1),
                AdapterMix.of(b, 1),
                AdapterMix.of(a, 0.5),
                AdapterMix.of(a, 1).and(b, -1));
    }

    private static List<Choice> alone(Model model, Request request) {
        try (Generation g = model.generate(request)) {
            return g.tokens();
        }
    }

    /** What each mix says by itself, in a model of its own that shares nothing. */
    private List<List<Choice>> wanted() throws IOException {
        List<List<Choice>> wanted = new ArrayList<>();
        try (Model model = Model.open(file, options(first, second))) {
            for (AdapterMix mix : mixes(model))
                wanted.add(alone(model, request().withAdapters(mix).withSharing(false)));
        }
        assertThat(new HashSet<>(wanted)).as("each mix says something else").hasSameSizeAs(wanted);
        return wanted;
    }

    @Test
    void identicalPromptsWithDifferentAdaptersSayTogetherWhatEachSaysAlone() throws Exception {
        List<List<Choice>> wanted = wanted();
        try (Model model = Model.open(file, options(first, second))) {
            List<AdapterMix> mixes = mixes(model);
            for (int round = 0; round < 3; round++) { // the later ones find what the earlier left
                List<Generation> together = new ArrayList<>();
                for (int i = 0; i < 10; i++)
                    together.add(model.generate(request().withAdapters(mixes.get(i * 3 % mixes.size()))));
                for (int i = 0; i < 10; i++) {
                    assertThat(together.get(i).tokens())
                            .as("round %d, place %d", round, i)
                            .isEqualTo(wanted.get(i * 3 % mixes.size()));
                    together.get(i).close();
                }
            }
            for (int i = 0; i < 10; i++) { // one after the other
                assertThat(alone(model, request().withAdapters(mixes.get(i % mixes.size()))))
                        .isEqualTo(wanted.get(i % mixes.size()));
            }
            assertThat(model.status().reusedTokens())
                    .as("within one mix beginnings are shared")
                    .isPositive();
        }
    }

    @Test
    void whatIsTheDefaultChangesForThoseThatBeginAfterIt() throws Exception {
        List<List<Choice>> wanted = wanted();
        try (Model model = Model.open(file, options(first, second))) {
            List<AdapterMix> mixes = mixes(model);
            List<Generation> begun = new ArrayList<>();
            for (AdapterMix mix : mixes) {
                model.setDefaultAdapters(mix);
                assertThat(model.defaultAdapters()).isEqualTo(mix);
                begun.add(model.generate(request()));
            }
            for (int i = 0; i < mixes.size(); i++) {
                assertThat(begun.get(i).tokens()).isEqualTo(wanted.get(i));
                begun.get(i).close();
            }
        }
    }

    /** The file knows adapters by what they do, not by their places. */
    @Test
    void keysAndValuesInAFileAreFoundByTheAdaptersThatMadeThem() throws Exception {
        List<List<Choice>> wanted = wanted();
        Path kv = folder.resolve("kv");
        try (Model model = Model.open(file, options(first, second).withKvFile(kv))) {
            for (AdapterMix mix : mixes(model)) alone(model, request().withAdapters(mix));
        }
        try (Model model = Model.open(file, options(second, first).withKvFile(kv))) {
            LoadedAdapter a = model.adapters().get(1);
            LoadedAdapter b = model.adapters().get(0);
            assertThat(alone(model, request().withAdapters(AdapterMix.of(b, 1))))
                    .isEqualTo(wanted.get(2));
            assertThat(alone(model, request().withAdapters(AdapterMix.of(a, 1))))
                    .isEqualTo(wanted.get(1));
            assertThat(alone(model, request())).isEqualTo(wanted.get(0));
            assertThat(model.status().tier().read()).isPositive();
            long before = model.status().reusedTokens();
            alone(model, request().withAdapters(AdapterMix.of(a, 0.25)));
            assertThat(model.status().reusedTokens()).isEqualTo(before);
        }
    }

    @Test
    void theirBytesAreInTheBooksAndAForeignOneIsRefused() throws Exception {
        try (Model model = Model.open(file, options(first, second))) {
            assertThat(model.memory().byPurpose()).containsKeys("adapter", "adapter-scratch");
            assertThat(model.plan().setAside().get("adapter"))
                    .isEqualTo(model.memory().byPurpose().get("adapter"));
            LoadedAdapter foreign = new LoadedAdapter(0, "x", "x", "0");
            assertThatThrownBy(() -> model.generate(request().withAdapters(AdapterMix.of(foreign, 1))))
                    .hasMessageContaining("not of this model");
            assertThatThrownBy(() -> AdapterMix.of(foreign, Double.NaN)).hasMessageContaining("finite");
            assertThatThrownBy(() -> AdapterMix.of(foreign, 1).and(foreign, 2)).hasMessageContaining("twice");
        }
    }
}
