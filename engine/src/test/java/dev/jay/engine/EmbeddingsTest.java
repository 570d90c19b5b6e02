// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.model.Pooling;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.Shared;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Texts as vectors, by a real model that generates. */
@Timeout(60)
class EmbeddingsTest {
    private static final String FOLDER = "0-stories260K/";
    private static final int DIM = 64;
    private static final ModelOptions OPTIONS = ModelOptions.defaults()
            .withThreads(1)
            .withCpu(Cpu.SCALAR)
            .withContextLength(256)
            .withSeeds(() -> 9);

    private static Model open(ModelOptions options) throws IOException {
        return Model.open(Shared.data(FOLDER + "stories260K.gguf"), options);
    }

    private static List<int[]> inputs(Model model) {
        return List.of(
                model.tokenize("Once upon a time there was a little girl who liked to play in the park."),
                model.tokenize("Tom"),
                model.tokenize("The dog ran after the ball. The ball was red and the dog was happy to have it."),
                model.tokenize("A"),
                model.tokenize("Mum said no."),
                model.tokenize("The sun was hot"));
    }

    @ParameterizedTest
    @EnumSource(Pooling.class)
    void vectorsDependOnNeitherStepsNorCompany(Pooling pooling) throws IOException {
        List<float[]> wanted = new ArrayList<>();
        try (Model model = open(OPTIONS.withStepTokens(256))) {
            for (int[] input : inputs(model)) {
                wanted.addAll(model.embed(List.of(input), pooling, Numerics.EXACT));
            }
        }
        try (Model model = open(OPTIONS.withStepTokens(5).withParallel(3))) {
            Generation beside =
                    model.generate(Request.of(model.tokenize("Once")).withIgnoreEos(true));
            List<float[]> got = model.embed(inputs(model), pooling, Numerics.EXACT);
            beside.close();
            assertThat(got).hasSameSizeAs(wanted);
            for (int i = 0; i < got.size(); i++)
                assertThat(got.get(i)).as("input " + i).isEqualTo(wanted.get(i));
        }
    }

    @Test
    void theLastRowIsWhatTheReferencesHeadSees() throws IOException {
        JsonNode prompt = new ObjectMapper()
                .readTree(Shared.data(FOLDER + "golden.json").toFile())
                .get("prompts")
                .get(0);
        int[] ids = IntStream.range(0, prompt.get("ids").size())
                .map(i -> prompt.get("ids").get(i).asInt())
                .toArray();
        int row = prompt.get("logit_rows").get(0).asInt() + ids.length - 1;
        float[] hidden = MemorySegment.ofArray(Files.readAllBytes(Shared.data(FOLDER + "hidden.f32")))
                .toArray(Floats.LAYOUT);
        try (Model model = open(OPTIONS)) {
            float[] got =
                    model.embed(List.of(ids), Pooling.LAST, Numerics.EXACT).getFirst();
            double[] wanted = normed(hidden, (row * 5 + 4) * DIM, gains());
            for (int i = 0; i < DIM; i++)
                assertThat((double) got[i]).as("dimension " + i).isCloseTo(wanted[i], within(1e-5));
        }
    }

    private static float[] gains() throws IOException {
        try (Memory memory = Memory.withBudget(1 << 20);
                WeightSource source = ModelFiles.open(memory, Shared.data(FOLDER + "stories260K.gguf"))) {
            return source.find("output_norm.weight").bytes().toArray(Floats.LAYOUT);
        }
    }

    private static double[] normed(float[] rows, int at, float[] gains) {
        double[] v = new double[DIM];
        double size = 0;
        for (int i = 0; i < DIM; i++) {
            v[i] = (double) rows[at + i] * gains[i];
            size += v[i] * v[i];
        }
        for (int i = 0; i < DIM; i++) v[i] /= Math.sqrt(size);
        return v;
    }

    @Test
    void nothingRunsIfOneInputIsWrong() throws IOException {
        try (Model model = open(OPTIONS)) {
            int[] good = model.tokenize("Tom");
            for (int[] wrong : List.of(new int[0], new int[] {-1}, new int[] {512})) {
                assertThatThrownBy(() -> model.embed(List.of(good, wrong), Pooling.MEAN, Numerics.FAST))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            int[] long257 = new int[257];
            assertThatThrownBy(() -> model.embed(List.of(good, long257), Pooling.MEAN, Numerics.FAST))
                    .isInstanceOf(ContextFullException.class);
            assertThat(model.status().promptTokens()).isZero();
            assertThat(model.embed(List.of(), Pooling.MEAN, Numerics.FAST)).isEmpty();
            assertThat(model.pooling()).isEqualTo(Pooling.LAST);
        }
    }

    @Test
    void moreInputsThanCanWaitAreNoMatter() throws IOException {
        try (Model model = open(OPTIONS.withQueueLimit(1))) {
            List<int[]> many = Collections.nCopies(40, model.tokenize("The same"));
            List<float[]> got = model.embed(many, Pooling.MEAN, Numerics.FAST);
            assertThat(got).hasSize(40);
            for (float[] v : got) assertThat(v).isEqualTo(got.getFirst());
        }
    }

    @Test
    void closingTheModelEndsIt() throws Exception {
        Model model = open(OPTIONS);
        List<int[]> many = Collections.nCopies(10_000, model.tokenize("Once upon a time there was a dog"));
        Thread closer = Thread.ofVirtual().start(() -> {
            while (model.status().promptTokens() == 0) Thread.onSpinWait();
            model.close();
        });
        assertThatThrownBy(() -> model.embed(many, Pooling.MEAN, Numerics.FAST))
                .isInstanceOfAny(GenerationException.class, IllegalStateException.class);
        closer.join();
    }
}
