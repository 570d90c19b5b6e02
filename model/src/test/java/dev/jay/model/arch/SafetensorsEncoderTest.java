// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.ModelSpec;
import dev.jay.model.Pooling;
import dev.jay.model.load.HfFiles;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.MappedWeights;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.Quantizer;
import dev.jay.model.load.Synth;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same encoder in a GGUF file and in safetensors gives the same rows, and pools them as is said beside it. */
class SafetensorsEncoderTest {
    private static final int[][] TEXTS = {{1, 75, 104, 111, 35, 200, 7, 300, 3, 91}, {5}, {400, 8, 9}};

    @TempDir
    private Path folder;

    private final Machine machine = new Machine();

    @AfterEach
    void close() {
        machine.close();
    }

    private WeightSource synth(String shape, String format) throws IOException {
        Path file = folder.resolve("model.gguf");
        Synth.write(shape, format, 42, file);
        return ModelFiles.open(machine.memory, file);
    }

    private float[][] rows(WeightSource source) {
        return EncoderLaws.run(machine, source.metadata(), new MappedWeights(source), Numerics.EXACT, 1, TEXTS);
    }

    private float[][] rows(Path model) throws IOException {
        try (WeightSource source = ModelFiles.open(machine.memory, model)) {
            return rows(source);
        }
    }

    private ModelSpec spec(Path model) throws IOException {
        try (WeightSource source = ModelFiles.open(machine.memory, model)) {
            return Architectures.of(source.metadata()).spec(source.metadata());
        }
    }

    private void assertRefused(Path model, String why) {
        assertThatThrownBy(() -> rows(model))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(why)
                .message()
                .hasLineCount(1);
        assertThat(machine.memory.byPurpose()).doesNotContainKey("weights-vectors");
    }

    @ParameterizedTest
    @CsvSource({"bert-tiny,f32,1", "bert-tiny,bf16,3", "nomic-bert-tiny,f32,1", "nomic-bert-tiny,f16,2"})
    void shouldGiveTheRowsOfTheGgufFileBitForBit(String shape, String format, int shards) throws IOException {
        try (WeightSource gguf = synth(shape, format)) {
            float[][] wanted = rows(gguf);
            for (int spaces = 0; spaces < 4; spaces++) {
                Path model = HfFiles.write(folder.resolve("hf" + spaces), gguf, Map.of(), false, shards, spaces);
                assertThat(rows(model)).as("data %d bytes later", spaces).isDeepEqualTo(wanted);
            }
        }
    }

    /** A model that was saved with heads, or by TensorFlow, calls the same tensors otherwise. */
    @ParameterizedTest
    @ValueSource(strings = {"bert-tiny", "nomic-bert-tiny"})
    void shouldKnowItsTensorsByEveryNameTheyHave(String shape) throws IOException {
        UnaryOperator<String> old = name -> name.replaceFirst("(LayerNorm|_ln|norm\\d)\\.weight", "$1.gamma")
                .replaceFirst("(LayerNorm|_ln|norm\\d)\\.bias", "$1.beta");
        try (WeightSource gguf = synth(shape, "f16")) {
            float[][] wanted = rows(gguf);
            Path bert = HfFiles.write(folder.resolve("a"), gguf, Map.of(), false, 1, 0, name -> "bert." + name);
            Path gamma = HfFiles.write(folder.resolve("b"), gguf, Map.of(), false, 1, 0, n -> "bert." + old.apply(n));
            assertThat(rows(bert)).isDeepEqualTo(wanted);
            assertThat(rows(gamma)).isDeepEqualTo(wanted);
        }
    }

    @ParameterizedTest
    @CsvSource({"bert-tiny,f32", "bert-tiny,q8_0", "nomic-bert-tiny,q8_0"})
    void shouldWriteTheGgufFileThatTheSameWeightsHaveAlready(String shape, String coded) throws IOException {
        try (WeightSource gguf = synth(shape, "f32");
                Workers workers = Workers.of(1)) {
            Path model = HfFiles.write(folder.resolve("hf"), gguf, Map.of(), false, 2, 0);
            Path wanted = folder.resolve("wanted.gguf");
            Path got = folder.resolve("got.gguf");
            for (Path to : List.of(wanted, got)) {
                Path from = to == got ? model : folder.resolve("model.gguf");
                Quantizer.run(
                        machine.memory, workers, from, to, WeightFormats.ALL.make(coded), (done, total, name) -> {});
            }
            assertThat(rows(got)).isDeepEqualTo(rows(wanted));
        }
    }

    private static void pooling(Path model, String json) throws IOException {
        Files.createDirectories(model.resolve("1_Pooling"));
        Files.writeString(model.resolve("1_Pooling/config.json"), json);
    }

    private static void modules(Path model, String... typesAndPaths) throws IOException {
        StringBuilder json = new StringBuilder("[");
        for (int i = 0; i < typesAndPaths.length; i += 2) {
            json.append(i == 0 ? "" : ",").append("{\"idx\":").append(i / 2);
            json.append(",\"type\":\"sentence_transformers.models.").append(typesAndPaths[i]);
            json.append("\",\"path\":\"").append(typesAndPaths[i + 1]).append("\"}");
        }
        Files.writeString(model.resolve("modules.json"), json + "]");
    }

    @Test
    void shouldPoolAsIsSaidBesideTheModelElseByTheMean() throws IOException {
        try (WeightSource gguf = synth("bert-tiny", "f16")) {
            Path model = HfFiles.write(folder.resolve("hf"), gguf, Map.of(), false, 1, 0);
            assertThat(spec(model).pooling()).as("nothing is said").isEqualTo(Pooling.MEAN);
            Map<String, Pooling> said = Map.of(
                    "\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":false", Pooling.FIRST,
                    "\"pooling_mode_cls_token\":false,\"pooling_mode_mean_tokens\":true", Pooling.MEAN,
                    "\"pooling_mode_mean_sqrt_len_tokens\":true", Pooling.MEAN,
                    "\"pooling_mode_lasttoken\":true", Pooling.LAST,
                    "\"pooling_mode\":\"cls\"", Pooling.FIRST);
            for (Map.Entry<String, Pooling> e : said.entrySet()) {
                pooling(model, "{\"word_embedding_dimension\":64," + e.getKey() + "}");
                assertThat(spec(model).pooling()).as(e.getKey()).isEqualTo(e.getValue());
            }
            pooling(model, "{\"pooling_mode_cls_token\":true}");
            modules(model, "Transformer", "", "Pooling", "1_Pooling", "Normalize", "2_Normalize");
            assertThat(spec(model).pooling()).isEqualTo(Pooling.FIRST);
            modules(model, "Transformer", "");
            assertThat(spec(model).pooling()).as("none is listed").isEqualTo(Pooling.MEAN);
        }
    }

    @Test
    void shouldRefuseWhatItWouldPoolOtherwise() throws IOException {
        try (WeightSource gguf = synth("bert-tiny", "f16")) {
            Path model = HfFiles.write(folder.resolve("hf"), gguf, Map.of(), false, 1, 0);
            pooling(model, "{\"pooling_mode_max_tokens\":true}");
            assertRefused(model, "rows are pooled in a way that is not run: '[max_tokens]', wanted one of [cls");
            pooling(model, "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":true}");
            assertRefused(model, "'[cls_token, mean_tokens]'");
            pooling(model, "{}");
            assertRefused(model, "is not run: '[]'");
            pooling(model, "[]");
            assertRefused(model, "wanted a JSON object");
            pooling(model, "{\"pooling_mode_cls_token\":true}");
            modules(model, "Transformer", "", "Pooling", "1_Pooling", "Dense", "2_Dense");
            assertRefused(model, "would be lost: type='sentence_transformers.models.Dense', known=[Normalize, Pooling");
            modules(model, "Pooling", "../1_Pooling");
            assertRefused(model, "wanted one pooling, in a folder beside: path='../1_Pooling'");
            modules(model, "Pooling", "1_Pooling", "Pooling", "1_Pooling");
            assertRefused(model, "wanted one pooling");
            modules(model, "Pooling", "3_Pooling");
            assertRefused(model, "modules.json lists it, and it is missing");
            Files.writeString(model.resolve("modules.json"), "{}");
            assertRefused(model, "wanted an array of modules");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bert-tiny,hidden_act,relu,hidden_act is not what the family has",
        "bert-tiny,position_embedding_type,relative_key,position_embedding_type is not absolute",
        "bert-tiny,is_decoder,true,is_decoder is not what an encoder does",
        "bert-tiny,max_position_embeddings,511,'tensor position_embd.weight: wanted rows=511'",
        "bert-tiny,num_attention_heads,3,a divisor of embedding_length=64",
        "bert-tiny,num_hidden_layers,3,lacks the tensor blk.2.",
        "bert-tiny,vocab_size,absent,vocab_size is missing",
        "nomic-bert-tiny,activation_function,gelu,activation_function is not what the family has",
        "nomic-bert-tiny,activation_function,absent,activation_function is missing",
        "nomic-bert-tiny,qkv_proj_bias,true,qkv_proj_bias is not what the family does",
        "nomic-bert-tiny,rotary_emb_fraction,0.5,rotary_emb_fraction is not 1",
        "nomic-bert-tiny,rotary_emb_scale_base,512,rotary_emb_scale_base is not read",
        "nomic-bert-tiny,n_inner,absent,'ffn_gate.weight: wanted rows=256, cols=64, got rows=160'",
    })
    void shouldRefuseWhatTheFamilyDoesNotRun(String shape, String key, String value, String why) throws IOException {
        try (WeightSource gguf = synth(shape, "f16")) {
            Object typed = switch (value) {
                case "true" -> true;
                case "0.5" -> 0.5;
                default -> value.matches("\\d+") ? (Object) Integer.parseInt(value) : value;
            };
            assertRefused(HfFiles.write(folder.resolve("hf"), gguf, Map.of(key, typed), false, 1, 0), why);
        }
    }

    @Test
    void shouldRefuseTheHeadOfAClassifierAndKeepWithinTrainedPositions() throws IOException {
        UnaryOperator<String> head = name -> name.replace("encoder.layer.1.output.dense", "classifier");
        try (WeightSource gguf = synth("bert-tiny", "f16")) {
            assertRefused(
                    HfFiles.write(folder.resolve("head"), gguf, Map.of(), false, 1, 0, head),
                    "tensors that bert has not, so what they do would be lost: ['classifier.weight',"
                            + " 'classifier.bias']");
        }
        Map<String, Object> longer = Map.of("n_positions", 8192, "max_trained_positions", 2048);
        try (WeightSource gguf = synth("nomic-bert-tiny", "f16")) {
            assertThat(spec(HfFiles.write(folder.resolve("longer"), gguf, longer, false, 1, 0))
                            .contextLength())
                    .isEqualTo(2048);
        }
    }
}
