// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.engine.plan.Plan;
import dev.jay.engine.plan.Setup;
import dev.jay.engine.sample.Sampling;
import dev.jay.model.Pooling;
import dev.jay.model.load.Synth;
import dev.jay.model.load.SynthShapes;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A small model of every family through the whole engine: what was planned is what is taken, streamed or not. */
@Timeout(120)
class FamiliesTest {
    private static final int CONTEXT = 96;
    private static final ModelOptions OPTIONS = ModelOptions.defaults()
            .withThreads(2)
            .withContextLength(CONTEXT)
            .withParallel(2)
            .withStepTokens(16)
            .withSeeds(() -> 9);

    @TempDir
    private Path folder;

    static Stream<String> shapes() {
        return SynthShapes.ALL.names().stream().filter(name -> name.endsWith("-tiny"));
    }

    private Path write(String shape) throws IOException {
        Path file = folder.resolve("m.gguf");
        Synth.write(shape, "q8_0", 3, file);
        return file;
    }

    /** What a model gives in exact mode: vectors and texts of full contexts. In the other, where bits may differ, they run. */
    private static List<String> results(Model model) {
        List<String> exact = new ArrayList<>();
        for (Numerics numerics : Numerics.values()) {
            List<String> all = numerics == Numerics.EXACT ? exact : new ArrayList<>();
            List<int[]> texts = List.of(text(40), text(1), text(CONTEXT));
            model.embed(texts, model.pooling(), numerics).forEach(v -> all.add(Arrays.toString(v)));
            if (model.spec().isEncoder()) continue;
            List<Generation> running = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                running.add(model.generate(Request.of(text(20 + i))
                        .withNumerics(numerics)
                        .withSampling(Sampling.GREEDY)
                        .withIgnoreEos(true)
                        .withLogprobs(1)
                        .withMaxTokens(CONTEXT - 20 - i)));
            }
            for (Generation g : running) all.add(g.tokens().toString());
        }
        return exact;
    }

    private static int[] text(int tokens) {
        return IntStream.range(0, tokens).map(i -> (i * 37 + tokens) % 500).toArray();
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void whatIsPlannedIsTakenAndIsEnough(String shape) throws IOException {
        Path file = write(shape);
        List<String> wanted;
        long planned;
        long weights;
        try (Model model = Model.open(file, OPTIONS)) {
            wanted = results(model);
            Plan plan = model.plan();
            Map<String, Long> taken = model.memory().reservedByPurpose();
            for (String purpose : List.of("kv-pages", "scratch", "weights")) {
                assertThat(taken.getOrDefault(purpose, 0L))
                        .as(purpose)
                        .isEqualTo(plan.setAside().get(purpose));
            }
            planned = plan.setAsideBytes();
            weights = plan.setAside().get("weights");
        }
        try (Model model = Model.open(file, OPTIONS.withBudgetBytes(planned))) {
            assertThat(results(model)).isEqualTo(wanted);
            assertThat(model.memory().promised()).isLessThanOrEqualTo(planned);
            assertThat(model.plan().split()).isEmpty();
        }
        try (Model model = Model.open(file, OPTIONS.withBudgetBytes(planned - weights / 16))) {
            assertThat(model.plan().split())
                    .as("weights are read for every pass")
                    .isPresent();
            assertThat(results(model)).isEqualTo(wanted);
        }
        shorterThroughLayers(file, wanted);
    }

    /** Where working space lacks a little, fewer rows go through a layer at a time. */
    private static void shorterThroughLayers(Path file, List<String> exact) throws IOException {
        ModelOptions longer = OPTIONS.withStepTokens(64);
        long planned;
        try (Planning planning = Planning.open(file, longer)) {
            planned = planning.plan().setAsideBytes();
        }
        try (Model model = Model.open(file, longer.withBudgetBytes(planned - (8 << 10)))) {
            Setup setup = model.plan().setup();
            if (!model.spec().isEncoder()) assertThat(setup.layerRows()).isLessThan(setup.stepTokens());
            assertThat(results(model)).isEqualTo(exact);
        }
    }

    static Stream<String> encoders() {
        return shapes().filter(name -> name.contains("bert"));
    }

    @ParameterizedTest
    @MethodSource("encoders")
    void encodersGiveVectorsThatDependOnWholeTextsAlone(String shape) throws IOException {
        try (Model model = Model.open(write(shape), OPTIONS)) {
            assertThat(model.pooling()).isEqualTo(Pooling.MEAN);
            List<int[]> texts = List.of(text(90), text(3), text(33), text(2), text(64), text(96), text(5));
            for (Pooling pooling : Pooling.values()) {
                List<float[]> together = model.embed(texts, pooling, Numerics.EXACT);
                for (int i = 0; i < texts.size(); i++) {
                    float[] alone = model.embed(texts.subList(i, i + 1), pooling, Numerics.EXACT)
                            .getFirst();
                    assertThat(together.get(i)).as("%s text %d", pooling, i).isEqualTo(alone);
                    double size = 0;
                    for (float v : alone) size += v * v;
                    assertThat(size).isCloseTo(1, within(1e-5));
                }
            }
            int[] other = text(33);
            other[32]++;
            assertThat(model.embed(List.of(other), Pooling.FIRST, Numerics.EXACT)
                            .getFirst())
                    .as("the first token sees the last")
                    .isNotEqualTo(model.embed(List.of(text(33)), Pooling.FIRST, Numerics.EXACT)
                            .getFirst());
        }
    }

    @ParameterizedTest
    @MethodSource("encoders")
    void encodersRefuseWhatTheyCannotDo(String shape) throws IOException {
        Model model = Model.open(write(shape), OPTIONS.withContextLength(100_000));
        try (model) {
            assertThat(model.contextLength()).isEqualTo(512);
            assertThatThrownBy(() -> model.generate(Request.of(1, 2, 3)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("gives embeddings and no text: architecture=");
            assertThatThrownBy(() -> model.embed(List.of(text(513)), Pooling.MEAN, Numerics.FAST))
                    .isInstanceOf(ContextFullException.class);
            assertThatThrownBy(() -> model.embed(List.of(new int[0]), Pooling.MEAN, Numerics.FAST))
                    .hasMessageContaining("an input is empty");
            assertThatThrownBy(() -> model.embed(List.of(new int[] {1, 512}), Pooling.MEAN, Numerics.FAST))
                    .hasMessageContaining("token=512 at place=1, allowed: 0 to 511");
            assertThat(model.describe()).contains("an encoder: no kv");
        }
        assertThatThrownBy(() -> model.embed(List.of(text(3)), Pooling.MEAN, Numerics.FAST))
                .hasMessageContaining("the model is closed");
    }
}
