// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Synth;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is measured of a model's keys and values, and who may use it. */
@Timeout(120)
class BasesTest {
    private static final String RECIPE = "keys=low-rank(rank=16,bits=4) values=low-rank(rank=16,bits=4)";

    @TempDir
    private Path folder;

    private Path file;
    private Path bases;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("m.gguf");
        bases = folder.resolve("m.gguf.bases");
        Synth.write("llama-tiny", "q8_0", 3, file);
    }

    private static int[] tokens(int count, int seed) {
        return IntStream.range(0, count).map(t -> (t * 31 + seed * t * t) % 500).toArray();
    }

    private static ModelOptions options(int threads, int stepTokens) {
        return ModelOptions.defaults()
                .withContextLength(256)
                .withThreads(threads)
                .withStepTokens(stepTokens);
    }

    private List<KvCalibration.Bases> measure(int threads, int stepTokens) throws IOException {
        List<Calibration.Prompt> prompts = List.of(
                new Calibration.Prompt(tokens(150, 1), 20, 30, 140), new Calibration.Prompt(tokens(90, 2), 20, 30, 78));
        return BasisWatch.run(file, options(threads, stepTokens), (_, _) -> prompts, _ -> {});
    }

    private Model open(String recipe) throws IOException {
        return Model.open(file, options(1, 64).withKvRecipe(recipe));
    }

    @Test
    void measuresDependOnTheModelAndThePromptsAlone() throws IOException {
        List<KvCalibration.Bases> measured = measure(1, 64);
        assertThat(measure(3, 24)).isEqualTo(measured);
        try (Model model = open(RECIPE)) {
            List<KvRecipe> each = model.kvRecipes(Numerics.FAST);
            assertThat(each).hasSize(measured.size());
            for (int l = 0; l < each.size(); l++) {
                int print = measured.get(l).keys().print();
                assertThat(each.get(l).keys().name()).endsWith(",basis=" + print + ")");
                assertThat(each.get(l).toString())
                        .contains("keys=" + each.get(l).keys().name() + " values=low-rank(");
            }
        }
    }

    private List<List<Integer>> answers(String recipe, int stepTokens) throws IOException {
        Asking asking = new Asking(file, 3, 40, 37, 33, 60);
        try (Model model = asking.open(recipe, 2, stepTokens)) {
            return asking.alone(model);
        }
    }

    @Test
    void anExactAnswerDoesNotDependOnHowAPromptCame() throws IOException {
        measure(1, 64);
        assertThat(answers(RECIPE, 17)).isEqualTo(answers(RECIPE, 64));
        new Asking(file, 4, 40, 37, 33, 60).checkCompanyAndRoom(RECIPE);
    }

    @Test
    void whatKeepsEveryDirectionIsAsSureOfATextAsF16() throws IOException {
        int rank = measure(1, 64).getFirst().keys().width();
        double wanted = nats("f16", "f16");
        String all = "low-rank(rank=" + rank + ",bits=16)";
        String some = "low-rank(rank=" + rank / 8 + ",bits=2)";
        assertThat(nats(all, all)).isCloseTo(wanted, within(2.5e-3));
        assertThat(nats(some, some)).isNotCloseTo(wanted, within(5e-3));
    }

    /** Of a token of a text, behind a prompt. */
    private double nats(String keys, String values) throws IOException {
        String text = "Of all that was said that night, none was as true as what the old bird did not say. ".repeat(6);
        try (Model model = open("keys=" + keys + " values=" + values)) {
            Perplexity.Progress result =
                    Perplexity.measure(model, text, 192, Perplexity.Method.AFTER_PROMPT, Numerics.FAST, _ -> {});
            return result.sum() / result.scored();
        }
    }

    @Test
    void aRecipeThatWantsThemIsRefusedWithoutThem() throws IOException {
        assertThatThrownBy(() -> open(RECIPE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is no " + bases)
                .hasMessageContaining("'jay calibrate " + file + " TEXT' measures it");
        measure(1, 64);
        open(RECIPE).close();
        assertThatThrownBy(() -> open(RECIPE.replace("bits=4", "bits=4,basis=1")))
                .hasMessageContaining("basis=1 was asked for");
        assertThatThrownBy(() -> open("keys=low-rank(rank=300)")).hasMessageContaining("rank=300, measured were");
        assertThatThrownBy(() -> open(RECIPE + " evict=window"))
                .hasMessageContaining("evict= wants codecs that code each row by itself");
        assertThatThrownBy(() -> open(RECIPE + " select=best-pages"))
                .hasMessageContaining("select= wants codecs that code each row by itself");
        Synth.write("llama-tiny", "q8_0", 4, file); // other weights
        assertThatThrownBy(() -> open(RECIPE)).hasMessageContaining(bases + " is of another model");
    }

    @Test
    void whatTheFileSaysIsChecked() throws IOException {
        measure(1, 64);
        byte[] good = Files.readAllBytes(bases);
        List<byte[]> bad = new ArrayList<>();
        bad.add(new byte[0]);
        bad.add(changed(good, 0, 1));
        bad.add(changed(good, 72, 99)); // layers
        bad.add(changed(good, 76, 1 << 30)); // width
        bad.add(changed(good, 80, 0)); // directions
        bad.add(changed(good, 80, Integer.MAX_VALUE));
        bad.add(changed(good, 84, Float.floatToIntBits(Float.NaN)));
        bad.add(Arrays.copyOf(good, good.length - 1));
        bad.add(Arrays.copyOf(good, good.length + 1));
        for (byte[] one : bad) {
            Files.write(bases, one);
            assertThatThrownBy(() -> open(RECIPE))
                    .as("bytes=" + one.length)
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining("the bases " + bases + " cannot be used");
        }
    }

    private static byte[] changed(byte[] good, int at, int value) {
        byte[] bad = good.clone();
        ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        return bad;
    }

    /** Kept by one basis they mean something else by another. */
    @Test
    void aFileOfPagesIsOfOneBasis() throws IOException {
        measure(1, 64);
        ModelOptions filed = options(1, 64).withKvRecipe(RECIPE).withKvFile(folder.resolve("kv"));
        Model.open(file, filed).close();
        Model.open(file, filed).close();
        List<Calibration.Prompt> other = List.of(new Calibration.Prompt(tokens(90, 9), 20, 30, 78));
        BasisWatch.run(file, options(1, 64), (_, _) -> other, _ -> {});
        assertThatThrownBy(() -> Model.open(file, filed)).hasMessageContaining("kv");
    }
}
