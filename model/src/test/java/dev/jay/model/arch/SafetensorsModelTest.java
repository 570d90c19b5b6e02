// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.jay.model.load.HfFiles;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.MappedWeights;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.Quantizer;
import dev.jay.model.load.Safetensors;
import dev.jay.model.load.StreamSplit;
import dev.jay.model.load.StreamedWeights;
import dev.jay.model.load.Synth;
import dev.jay.model.load.SynthShapes;
import dev.jay.model.load.WeightSource;
import dev.jay.model.load.Weights;
import dev.jay.tensor.Steps;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same weights in a GGUF file and in safetensors give the same logits. */
class SafetensorsModelTest {
    private static final int[] TOKENS = {1, 75, 104, 111, 35, 200, 7, 300, 3, 91};

    @TempDir
    private Path folder;

    private final Machine machine = new Machine();

    @AfterEach
    void close() {
        machine.close();
    }

    private WeightSource synth(String shape, String format) throws IOException {
        Path file = folder.resolve("model.gguf");
        try (Workers workers = Workers.of(1)) {
            Synth.write(
                    machine.memory,
                    workers,
                    SynthShapes.ALL.make(shape),
                    WeightFormats.ALL.make(format),
                    42,
                    file,
                    (done, total, tensor) -> {});
        }
        return ModelFiles.open(machine.memory, file);
    }

    private float[] logits(Metadata metadata, Weights weights, Numerics numerics) {
        try (ModelTrial model = new ModelTrial(machine, metadata, weights, "", 1)) {
            return model.run(numerics, new int[][] {TOKENS}, Steps.whole(TOKENS.length), 0)
                    .logits()[0];
        }
    }

    private float[] logits(WeightSource source) {
        return logits(source.metadata(), new MappedWeights(source), Numerics.EXACT);
    }

    private float[] logits(Path model) throws IOException {
        try (WeightSource source = ModelFiles.open(machine.memory, model)) {
            return logits(source);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "qwen2-tiny,f32,1",
        "qwen2-tiny,bf16,3",
        "qwen3-tiny,f16,2",
        "qwen3-tiny,bf16,1",
        "qwen2moe-tiny,bf16,2",
        "qwen3moe-tiny,f16,1",
        "gemma-tiny,bf16,1",
        "gemma2-tiny,bf16,2",
        "gemma3-tiny,f32,1",
        "phi-tiny,bf16,1",
        "olmo2-tiny,f16,1"
    })
    void shouldGiveTheLogitsOfTheGgufFileBitForBit(String shape, String format, int shards) throws IOException {
        try (WeightSource gguf = synth(shape, format)) {
            float[] wanted = logits(gguf);
            for (int spaces = 0; spaces < 4; spaces++) {
                Path model = HfFiles.write(folder.resolve("hf" + spaces), gguf, Map.of(), false, shards, spaces);
                assertThat(logits(model)).as("data %d bytes later", spaces).isEqualTo(wanted);
            }
        }
    }

    /** Rotary pairs lie elsewhere, so dot products add up in another order: equal but for rounding. */
    @ParameterizedTest
    @CsvSource({"llama-tiny,f32", "llama-tiny,bf16", "mixtral-tiny,bf16", "granite-tiny,f32", "smollm3-tiny,f32"})
    void shouldTurnThePairsOfALlamaWhereTheyLie(String shape, String format) throws IOException {
        try (WeightSource gguf = synth(shape, format)) {
            float[] wanted = logits(gguf);
            Path model = HfFiles.write(folder.resolve("hf"), gguf, Map.of(), false, 1, 0);
            assertThat(worst(logits(model), wanted)).isLessThan(1e-5);
            try (WeightSource source = ModelFiles.open(machine.memory, model)) {
                Map<String, Object> forgetful =
                        new LinkedHashMap<>(source.metadata().values());
                assertThat(forgetful.remove(Safetensors.HALVES)).isEqualTo(true);
                float[] unturned = logits(new Metadata(forgetful), new MappedWeights(source), Numerics.EXACT);
                assertThat(worst(unturned, wanted)).isGreaterThan(5e-3);
            }
        }
    }

    @Test
    void shouldTakeVectorsOfAnyTypeAndPutTheCopiesInTheBooks() throws IOException {
        try (WeightSource gguf = synth("qwen2-tiny", "f32")) {
            Path model = HfFiles.write(folder.resolve("hf"), gguf, Map.of(), true, 1, 0);
            long before = machine.memory.used();
            try (WeightSource source = ModelFiles.open(machine.memory, model)) {
                assertThat(machine.memory.byPurpose()).containsKey("weights-vectors");
                assertThat(machine.memory.used()).isBetween(before + 1000, before + 20_000);
                assertThat(worst(logits(source), logits(gguf))).isBetween(1e-6, 0.1);
            }
            assertThat(machine.memory.byPurpose()).doesNotContainKey("weights-vectors");
        }
    }

    @Test
    void shouldStreamWhatIsInTheFilesAndKeepTheCopies() throws IOException {
        try (WeightSource gguf = synth("qwen3-tiny", "bf16")) {
            Path model = HfFiles.write(folder.resolve("hf"), gguf, Map.of(), true, 2, 1);
            try (WeightSource source = ModelFiles.open(machine.memory, model)) {
                int layers = source.metadata().integer("qwen3.block_count");
                try (StreamedWeights streamed = new StreamedWeights(source, layers)) {
                    List<Long> parts = streamed.partBytes();
                    streamed.start(machine.memory, StreamSplit.of(parts, StreamSplit.leastBytes(parts)));
                    assertThat(logits(source.metadata(), streamed, Numerics.EXACT))
                            .isEqualTo(logits(source));
                }
            }
        }
    }

    @Test
    void shouldMakeTheFactorsThatLlama3StoresInGgufFiles() throws IOException {
        Map<String, Object> scaling = Map.of(
                "rope_type", "llama3",
                "factor", 8.0,
                "low_freq_factor", 1.0,
                "high_freq_factor", 4.0,
                "original_max_position_embeddings", 64);
        try (WeightSource gguf = synth("llama-tiny", "f32")) {
            float[] plain = logits(gguf);
            for (String key : List.of("rope_scaling", "rope_parameters")) {
                Path model = HfFiles.write(folder.resolve(key), gguf, Map.of(key, scaling), false, 1, 0);
                try (WeightSource source = ModelFiles.open(machine.memory, model)) {
                    float[] factors = source.find("rope_freqs.weight").bytes().toArray(Floats.LAYOUT);
                    for (int i = 0; i < factors.length; i++) {
                        double base = gguf.metadata().real("llama.rope.freq_base");
                        double wave = 2 * Math.PI * Math.pow(base, 2.0 * i / (2 * factors.length));
                        double wanted = wave < 64 / 4.0
                                ? 1
                                : wave > 64 ? 8 : 1 / ((1 - (64 / wave - 1) / 3) / 8 + (64 / wave - 1) / 3);
                        assertThat((double) factors[i]).isCloseTo(wanted, offset(1e-5));
                    }
                    assertThat(factors).contains(1f).contains(8f);
                    assertThat(worst(logits(source), plain)).isGreaterThan(1e-3);
                }
            }
        }
    }

    @Test
    void shouldRefuseScalingsThatTheFamilyHasNotAndHeadsThatAreMissing() throws IOException {
        try (WeightSource gguf = synth("qwen2-tiny", "f32")) {
            Map<String, Object> dynamic = Map.of("rope_scaling", Map.of("rope_type", "dynamic", "factor", 2.0));
            Path scaled = HfFiles.write(folder.resolve("scaled"), gguf, dynamic, false, 1, 0);
            assertThatThrownBy(() -> logits(scaled))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining("rope.scaling.type='dynamic'");
            Path headless =
                    HfFiles.write(folder.resolve("headless"), gguf, Map.of("tie_word_embeddings", false), false, 1, 0);
            assertThatThrownBy(() -> logits(headless))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining("lacks lm_head.weight");
        }
    }

    @ParameterizedTest
    @CsvSource({"llama-tiny,f32,f32", "llama-tiny,bf16,q8_0", "qwen2-tiny,f16,q8_0"})
    void shouldWriteTheGgufFileThatTheSameWeightsHaveAlready(String shape, String format, String coded)
            throws IOException {
        try (WeightSource gguf = synth(shape, format);
                Workers workers = Workers.of(2)) {
            Path model = HfFiles.write(folder.resolve("hf"), gguf, Map.of(), false, 2, 0);
            WeightFormat to = WeightFormats.ALL.make(coded);
            Path wanted = folder.resolve("wanted.gguf");
            Path got = folder.resolve("got.gguf");
            Quantizer.run(machine.memory, workers, folder.resolve("model.gguf"), wanted, to, (d, t, n) -> {});
            Quantizer.run(machine.memory, workers, model, got, to, (d, t, n) -> {});
            try (WeightSource a = ModelFiles.open(machine.memory, wanted);
                    WeightSource b = ModelFiles.open(machine.memory, got)) {
                assertThat(b.entries()).hasSameSizeAs(a.entries());
                for (WeightSource.Entry e : a.entries()) {
                    assertThat(b.find(e.name()).bytes().mismatch(e.bytes()))
                            .as(e.name())
                            .isEqualTo(-1);
                }
                assertThat(b.metadata().has(Safetensors.HALVES)).isFalse();
                assertThat(logits(b)).isEqualTo(logits(a));
            }
        }
    }

    @Test
    void shouldBoundTheContextByAWindowThatTheFamilyDoesNotRun() throws IOException {
        try (WeightSource gguf = synth("qwen2-tiny", "f32")) {
            Map<String, Object> window = Map.of("sliding_window", 48);
            Path model = HfFiles.write(folder.resolve("hf"), gguf, window, false, 1, 0);
            try (WeightSource source = ModelFiles.open(machine.memory, model)) {
                assertThat(Architectures.of(source.metadata())
                                .spec(source.metadata())
                                .contextLength())
                        .isEqualTo(48);
            }
        }
    }

    @Test
    void shouldAttendWithinTheWindowOfAMistral() throws IOException {
        try (WeightSource gguf = synth("llama-tiny", "f32")) {
            float[] plain = logits(gguf);
            Map<String, Object> wide = Map.of("model_type", "mistral", "sliding_window", TOKENS.length);
            Map<String, Object> narrow = Map.of("model_type", "mistral", "sliding_window", 3);
            assertThat(worst(logits(HfFiles.write(folder.resolve("wide"), gguf, wide, false, 1, 0)), plain))
                    .isLessThan(1e-5);
            float[] near = logits(HfFiles.write(folder.resolve("narrow"), gguf, narrow, false, 1, 0));
            int row = plain.length / TOKENS.length;
            assertThat(worst(Arrays.copyOf(near, 3 * row), Arrays.copyOf(plain, 3 * row)))
                    .isLessThan(1e-5);
            assertThat(worst(near, plain)).isGreaterThan(1e-3);
        }
    }

    private static double worst(float[] got, float[] wanted) {
        assertThat(got).hasSameSizeAs(wanted);
        double worst = 0;
        for (int i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i] - wanted[i]));
        return worst;
    }
}
