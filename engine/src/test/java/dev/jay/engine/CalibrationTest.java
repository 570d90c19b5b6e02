// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.evict.KvCalibration.KvHead;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Synth;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is measured of a model for recipes, and who may use it. */
@Timeout(120)
class CalibrationTest {
    private static final String RECIPE = "keys=f16 values=f16 evict=retrieval-heads(budget=32,top=2)";

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("m.gguf");
        Synth.write("llama-tiny", "q8_0", 3, file);
    }

    private static List<Calibration.Prompt> prompts(int count) {
        List<Calibration.Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int of = i;
            int[] tokens =
                    IntStream.range(0, 90).map(t -> (t * 31 + of * t * t) % 500).toArray();
            prompts.add(new Calibration.Prompt(tokens, 20 + 5 * i, 30 + 5 * i, 78));
        }
        return prompts;
    }

    private static ModelOptions options(int threads, int stepTokens) {
        return ModelOptions.defaults()
                .withContextLength(128)
                .withThreads(threads)
                .withStepTokens(stepTokens);
    }

    private KvCalibration calibrate(ModelOptions options) throws IOException {
        return Calibration.run(file, options, (_, _) -> prompts(3), true, (_, _) -> {});
    }

    private Path beside() {
        return folder.resolve("m.gguf.calibration.json");
    }

    private Model open(String recipe) throws IOException {
        return Model.open(file, options(1, 64).withKvRecipe(recipe));
    }

    @Test
    void measuresDependOnTheModelAndThePromptsAlone() throws IOException {
        KvCalibration measured = calibrate(options(1, 64));
        assertThat(calibrate(options(3, 24))).isEqualTo(measured);
        for (KvCalibration.Layer layer : measured.layers()) {
            assertThat(layer.heads()).doesNotHaveDuplicates();
            assertThat(layer.error()).isBetween(1e-6, 10.0);
        }
        int heads = measured.layers().size() * 2;
        assertThat(measured.kvHeads()).hasSize(heads).doesNotHaveDuplicates();
    }

    @Test
    void whatIsSeenIsAllThatQueriesSpend() throws IOException {
        Owned owned = new Owned();
        try {
            String recipe = "keys=f32 values=f32 evict=window(budget=4096,every=0)";
            BoundModel bound = new BoundModel(file, options(2, 64).withKvRecipe(recipe), owned);
            TransformerForward forward = bound.open(bound.plan());
            int[] tokens = prompts(1).getFirst().tokens();
            List<Integer> layers = new ArrayList<>();
            HeadWatch[] watch = new HeadWatch[1];
            int heads = bound.spec().heads();
            SequenceCache cache = forward.open(
                    Numerics.EXACT,
                    kv -> watch[0] = new HeadWatch(kv, bound.spec().kvShape().streams(), heads, 50, 14, layer -> {
                        layers.add(layer.stream());
                        for (float[][] queries : layer.weights()) {
                            for (int q = 0; q < 14; q++) {
                                assertThat(queries[q]).hasSize(50 + q + 1);
                                double sum = 0;
                                for (float w : queries[q]) sum += w;
                                assertThat(sum).isCloseTo(1, within(1e-4));
                            }
                        }
                    }));
            forward.run(Numerics.EXACT, List.of(new Forward.Slice(cache, tokens, 0, 50, 50)));
            forward.run(Numerics.EXACT, List.of(new Forward.Slice(cache, tokens, 50, 14, 64)));
            watch[0].end();
            cache.close();
            assertThat(layers)
                    .containsExactlyElementsOf(
                            IntStream.range(0, bound.spec().layers()).boxed().toList());
        } finally {
            owned.close();
        }
    }

    @Test
    void recipesTakeFromItWhatTheyGoBy() throws IOException {
        KvCalibration measured = calibrate(options(1, 64));
        int layers = measured.layers().size();
        try (Model model = open(RECIPE + " spread=errors")) {
            List<KvRecipe> each = model.kvRecipes(Numerics.FAST);
            int sum = 0;
            for (int l = 0; l < layers; l++) {
                List<Integer> heads = measured.layers().get(l).heads();
                String two = Math.min(heads.get(0), heads.get(1)) + "+" + Math.max(heads.get(0), heads.get(1));
                assertThat(each.get(l).toString()).contains(",heads=" + two + ")");
                sum += each.get(l).eviction().orElseThrow().budget().tokens();
            }
            assertThat(sum).isEqualTo(32 * layers);
        }
    }

    /** What a head costs is what the prompts surprise more; the order is that of what was tried. */
    @Test
    void headsThatForgetSurpriseMoreAndTheOrderIsByIt() throws IOException {
        Owned owned = new Owned();
        try {
            String recipe = "keys=f32 values=f32 evict=window(budget=4096,every=0,whole=none)";
            BoundModel bound = new BoundModel(file, options(2, 64).withKvRecipe(recipe), owned);
            TransformerForward forward = bound.open(bound.plan());
            HeadTrials trials = new HeadTrials(bound, forward, prompts(2));
            List<Long> runs = new ArrayList<>();
            List<KvHead> order = trials.run(runs::add);
            assertThat(runs.getLast()).isEqualTo(trials.runs());
            double none = trials.surprise(Set.of());
            double all = trials.surprise(Set.copyOf(order));
            assertThat(none).isNotEqualTo(all);
            KvHead last = order.getLast(); // the first to forget
            for (KvHead other : order) {
                assertThat(trials.surprise(without(order, last)))
                        .isLessThanOrEqualTo(trials.surprise(without(order, other)));
            }
        } finally {
            owned.close();
        }
    }

    private static Set<KvHead> without(List<KvHead> all, KvHead one) {
        Set<KvHead> rest = new HashSet<>(all);
        rest.remove(one);
        return rest;
    }

    @Test
    void headsThatCostMostKeepAll() throws IOException {
        KvCalibration measured = calibrate(options(1, 64));
        try (Model model = open("keys=f16 values=f16 evict=window(budget=16,every=16) spread=heads(whole=50)")) {
            List<KvRecipe> each = model.kvRecipes(Numerics.FAST);
            int half = measured.kvHeads().size() / 2;
            for (KvHead head : measured.kvHeads().subList(0, half)) {
                assertThat(each.get(head.layer())
                                .eviction()
                                .orElseThrow()
                                .budget()
                                .keepsAll(head.head()))
                        .isTrue();
            }
            assertThat(each.stream()
                            .mapToInt(r ->
                                    r.eviction().orElseThrow().budget().whole().size())
                            .sum())
                    .isEqualTo(half);
        }
        Calibration.run(file, options(1, 64), (_, _) -> prompts(1), false, (_, _) -> {});
        assertThatThrownBy(() -> open("keys=f16 values=f16 evict=window spread=heads"))
                .hasMessageContaining("'jay calibrate' measures it with --heads");
    }

    @Test
    void aRecipeThatWantsItIsRefusedWithoutIt() throws IOException {
        assertThatThrownBy(() -> open(RECIPE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is no " + beside())
                .hasMessageContaining("'jay calibrate " + file + " TEXT' measures it");
        assertThatThrownBy(() -> open("keys=f16 values=f16 evict=window spread=errors"))
                .hasMessageContaining("jay calibrate");
        calibrate(options(1, 64));
        open(RECIPE).close();
        Synth.write("llama-tiny", "q8_0", 4, file); // other weights
        assertThatThrownBy(() -> open(RECIPE)).hasMessageContaining("is of another model");
    }

    @Test
    void whatTheFileSaysIsChecked() throws IOException {
        calibrate(options(1, 64));
        String good = Files.readString(beside());
        for (String bad : List.of(
                good.replaceFirst("\"heads\":\\[[0-9]+", "\"heads\":[99"),
                good.replaceFirst("\"heads\":\\[[0-9]+", "\"heads\":[-1"),
                good.replaceFirst("\"heads\":\\[[0-9]+,[0-9]+", "\"heads\":[1,1"),
                good.replaceFirst("\"heads\":\\[[0-9,]+", "\"heads\":["),
                good.replaceFirst("\"error\":", "\"error\":-"),
                good.replaceFirst("\"error\":", "\"wrong\":"),
                good.replaceFirst("\"layers\":\\[.*]", "\"layers\":[]"),
                good.replaceFirst("\"kvHeads\":\\[\\[[0-9]+", "\"kvHeads\":[[99"),
                good.replaceFirst("\"kvHeads\":\\[\\[[0-9]+,[0-9]+],", "\"kvHeads\":["),
                good.replaceFirst("\"kvHeads\":\\[.*]", "\"kvHeads\":7"),
                good.substring(0, good.length() / 2),
                good.replaceFirst("\"layers\":", "\"layers\":" + "[".repeat(100_000)),
                good + " ".repeat(5 << 20))) {
            Files.writeString(beside(), bad);
            assertThatThrownBy(() -> open(RECIPE))
                    .as(bad.substring(0, Math.min(200, bad.length())))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining("the calibration " + beside() + " cannot be used");
        }
    }

    @Test
    void promptsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new Calibration.Prompt(new int[50], 20, 30, 34))
                .hasMessageContaining("fact=[20, 30), answer from 34");
        int[] tokens = new int[400];
        assertThatThrownBy(() -> Calibration.run(
                        file,
                        options(1, 64),
                        (_, _) -> List.of(new Calibration.Prompt(tokens, 1, 9, 380)),
                        false,
                        (_, _) -> {}))
                .hasMessageContaining("tokens=400, the context's=128");
        assertThat(beside()).doesNotExist();
    }
}
