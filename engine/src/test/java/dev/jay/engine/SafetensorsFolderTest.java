// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.sample.Sampling;
import dev.jay.model.Pooling;
import dev.jay.model.load.HfFiles;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.Quantizer;
import dev.jay.model.load.Synth;
import dev.jay.model.load.WeightSource;
import dev.jay.model.text.PeerTokenizer;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** A folder as Hugging Face has them, weights, config, tokenizer and template, answers as the GGUF file does. */
class SafetensorsFolderTest {
    private static final String TEXT = "Once, in M\u00fcnchen";

    @TempDir
    Path folder;

    private Path gguf(String shape) throws IOException {
        Path file = folder.resolve("model.gguf");
        Synth.write(shape, "bf16", 5, file);
        return file;
    }

    private Path asFolder(Path gguf, boolean tokenizer) throws IOException {
        try (Memory memory = Memory.withBudget(0);
                WeightSource source = ModelFiles.open(memory, gguf)) {
            HfFiles.write(folder.resolve("hf"), source, Map.of(), true, 2, 0);
        }
        if (tokenizer) writeTokenizer(folder.resolve("hf"));
        return folder.resolve("hf");
    }

    /** Bytes by their letters from id 3 on, as the tokens of the made-up GGUF file lie. */
    private static void writeTokenizer(Path folder) throws IOException {
        Map<String, Integer> letters = new TreeMap<>();
        for (int b = 0, next = 256; b < 256; b++) {
            boolean plain = b > ' ' && b < 127 || b >= 0xA1 && b != 0xAD;
            letters.put(String.valueOf((char) (plain ? b : next++)), b + 3);
        }
        Map<String, Object> json = Map.of(
                "version", "1.0",
                "added_tokens", List.of(added(1, "<s>"), added(2, "</s>")),
                "pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", true),
                "decoder", Map.of("type", "ByteLevel"),
                "model", Map.of("type", "BPE", "vocab", letters, "merges", List.of()));
        Files.writeString(folder.resolve("tokenizer.json"), JsonMapper.shared().writeValueAsString(json));
        String template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}";
        Map<String, Object> config = Map.of("bos_token", "<s>", "eos_token", "</s>", "chat_template", template);
        Files.writeString(
                folder.resolve("tokenizer_config.json"), JsonMapper.shared().writeValueAsString(config));
    }

    private static Map<String, Object> added(int id, String text) {
        return Map.of("id", id, "content", text, "special", true, "normalized", false);
    }

    private static List<Integer> answer(Model model, int[] prompt) {
        try (Generation answer = model.generate(Request.of(prompt)
                .withMaxTokens(12)
                .withIgnoreEos(true)
                .withNumerics(Numerics.EXACT)
                .withSampling(Sampling.GREEDY))) {
            answer.text();
            return answer.tokens().stream().map(Choice::token).toList();
        }
    }

    /** As {@code jay quantize} does: with a tokenizer of a kind that other readers of the file have. */
    private static void quantize(Path hf, Path out, String kind) throws IOException {
        WeightFormat format = WeightFormats.ALL.make("bf16");
        try (Memory memory = Memory.withBudget(8 << 20);
                Workers workers = Workers.of(1)) {
            Quantizer.run(
                    memory, workers, hf, out, format, null, _ -> null, PeerTokenizer::told, (done, total, name) -> {});
            try (WeightSource source = ModelFiles.open(memory, out)) {
                assertThat(source.metadata().text("tokenizer.ggml.model")).isEqualTo(kind);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2-tiny", "llama-tiny"})
    void shouldAnswerAsTheSameModelInGgufDoes(String shape) throws IOException {
        Path gguf = gguf(shape);
        Path hf = asFolder(gguf, true);
        Path written = folder.resolve("written.gguf");
        quantize(hf, written, "gpt2");
        List<Integer> wanted = null;
        for (Path path : List.of(hf, hf.resolve("model-00002-of-00002.safetensors"), written)) {
            try (Model model = Model.open(path)) {
                byte[] utf8 = TEXT.getBytes(StandardCharsets.UTF_8);
                int[] tokens = model.tokenizer().encode(TEXT, false, false);
                assertThat(tokens).hasSize(utf8.length);
                for (int i = 0; i < tokens.length; i++) assertThat(tokens[i]).isEqualTo((utf8[i] & 0xFF) + 3);
                assertThat(model.detokenize(tokens)).isEqualTo(TEXT);
                assertThat(model.hasChatTemplate()).isTrue();
                List<Integer> got = answer(model, tokens);
                assertThat(got).hasSize(12);
                if (wanted == null) wanted = got;
                assertThat(got).as(path.toString()).isEqualTo(wanted);
            }
        }
    }

    /** Letters that begin a word and letters that go on with one, as BERT's tokenizers have them. */
    private static void writeWordPieces(Path folder) throws IOException {
        Map<String, Integer> vocab = new TreeMap<>(Map.of("[PAD]", 0, "[UNK]", 1, "[CLS]", 2, "[SEP]", 3, "once", 4));
        for (char c = 'a'; c <= 'z'; c++) {
            vocab.put("" + c, vocab.size());
            vocab.put("##" + c, vocab.size());
        }
        vocab.put(",", vocab.size());
        Map<String, Object> json = Map.of(
                "added_tokens",
                List.of(added(0, "[PAD]"), added(1, "[UNK]"), added(2, "[CLS]"), added(3, "[SEP]")),
                "normalizer",
                Map.of("type", "BertNormalizer"),
                "pre_tokenizer",
                Map.of("type", "BertPreTokenizer"),
                "post_processor",
                Map.of("type", "BertProcessing", "cls", List.of("[CLS]", 2), "sep", List.of("[SEP]", 3)),
                "decoder",
                Map.of("type", "WordPiece"),
                "model",
                Map.of("type", "WordPiece", "unk_token", "[UNK]", "vocab", vocab));
        Files.writeString(folder.resolve("tokenizer.json"), JsonMapper.shared().writeValueAsString(json));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bert-tiny", "nomic-bert-tiny"})
    void shouldGiveTheVectorsThatTheSameEncoderInGgufGives(String shape) throws IOException {
        Path gguf = gguf(shape);
        Path hf;
        try (Memory memory = Memory.withBudget(0);
                WeightSource source = ModelFiles.open(memory, gguf)) {
            hf = HfFiles.write(folder.resolve("hf"), source, Map.of(), false, 1, 0);
        }
        writeWordPieces(hf);
        Files.createDirectories(hf.resolve("1_Pooling"));
        Files.writeString(hf.resolve("1_Pooling/config.json"), "{\"pooling_mode_cls_token\":true}");
        Path written = folder.resolve("written.gguf");
        quantize(hf, written, "bert");
        int[] tokens;
        float[] wanted;
        try (Model model = Model.open(hf)) {
            assertThat(model.pooling()).isEqualTo(Pooling.FIRST);
            tokens = model.tokenize(TEXT);
            assertThat(tokens).startsWith(2, 4).endsWith(3).hasSize(5 + 9 - 1);
            wanted = model.embed(List.of(tokens), model.pooling(), Numerics.EXACT)
                    .getFirst();
        }
        for (Path same : List.of(gguf, written)) {
            try (Model model = Model.open(same)) {
                assertThat(model.embed(List.of(tokens), Pooling.FIRST, Numerics.EXACT)
                                .getFirst())
                        .isEqualTo(wanted);
                if (same == written) {
                    assertThat(model.pooling()).isEqualTo(Pooling.FIRST);
                    assertThat(model.tokenize(TEXT)).isEqualTo(tokens);
                }
            }
        }
    }

    @Test
    void shouldSayThatTheTokenizerIsMissing() throws IOException {
        Path hf = asFolder(gguf("qwen2-tiny"), false);
        assertThatThrownBy(() -> Model.open(hf))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("tokenizer");
    }
}
