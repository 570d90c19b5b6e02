// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.KvCache;
import dev.jay.model.load.MappedWeights;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.Shared;
import dev.jay.tensor.Steps;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A trained model of 260 thousand weights, held against a float64 reference, from either file that it comes in. */
class StoriesTest {
    private static final String FOLDER = "0-stories260K/";
    private static final int VOCABULARY = 512;
    private static final int HIDDEN = 5 * 64; // every layer's rows

    private interface Check {
        void run(ModelTrial model, JsonNode prompts) throws IOException;
    }

    private static void with(String file, int threads, Check check) throws IOException {
        Path path = Shared.data(FOLDER + file);
        JsonNode golden =
                new ObjectMapper().readTree(Shared.data(FOLDER + "golden.json").toFile());
        try (Machine machine = new Machine();
                WeightSource source = ModelFiles.open(machine.memory, path);
                ModelTrial model = new ModelTrial(machine, source.metadata(), new MappedWeights(source), "", threads)) {
            check.run(model, golden.get("prompts"));
        }
    }

    private static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }

    private static float[] floats(String file) throws IOException {
        return MemorySegment.ofArray(Files.readAllBytes(Shared.data(FOLDER + file)))
                .toArray(Floats.LAYOUT);
    }

    private static int argMax(float[] logits) {
        return IntStream.range(0, logits.length)
                .reduce((a, b) -> logits[b] > logits[a] ? b : a)
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({"stories260K.gguf,EXACT", "stories260K.bin,EXACT", "stories260K.gguf,FAST"})
    void shouldAgreeWithTheReferenceInEveryLayer(String file, Numerics numerics) throws IOException {
        float[] logits = floats("prompt-logits.f32");
        float[] hidden = floats("hidden.f32");
        with(file, 2, (model, prompts) -> {
            for (JsonNode prompt : prompts) {
                int[] ids = ints(prompt.get("ids"));
                int row = prompt.get("logit_rows").get(0).asInt();
                ModelTrial.Result got = model.run(numerics, new int[][] {ids}, Steps.whole(ids.length), 0);
                String which = prompt.get("prompt").asString();
                assertThat(worst(got.hidden()[0], hidden, row * HIDDEN))
                        .as("hidden: " + which)
                        .isLessThan(1e-4);
                assertThat(worst(got.logits()[0], logits, row * VOCABULARY))
                        .as("logits: " + which)
                        .isLessThan(1e-4);
            }
        });
    }

    private static double worst(float[] got, float[] wanted, int from) {
        double worst = 0;
        for (int i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i] - wanted[from + i]));
        return worst;
    }

    @ParameterizedTest
    @CsvSource({"stories260K.gguf,1", "stories260K.bin,2"})
    void shouldChooseTheReferencesTokens(String file, int threads) throws IOException {
        with(file, threads, (model, prompts) -> {
            for (JsonNode prompt : prompts) {
                int[] wanted = ints(prompt.get("greedy_ids"));
                int[] got = new int[wanted.length];
                try (KvCache cache = model.newCache()) {
                    int[] next = ints(prompt.get("ids"));
                    for (int i = 0; i < got.length; i++) {
                        got[i] = argMax(model.next(cache, next));
                        next = new int[] {got[i]};
                    }
                }
                assertThat(got).as(prompt.get("prompt").asString()).containsExactly(wanted);
            }
        });
    }
}
