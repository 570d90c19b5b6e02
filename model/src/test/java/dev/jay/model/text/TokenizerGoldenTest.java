// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Ids and texts as other programs make them, all of them exact. */
class TokenizerGoldenTest {
    private static final Set<String> SPECIAL = Set.of("<s>", "</s>", "<unk>");

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "phi-3", "gpt-2"})
    void shouldEncodeAsLlamaCppDoes(String vocabulary) {
        Tokenizer tokenizer = Goldens.ofVocabulary(vocabulary);
        expectAll(tokenizer, "ggml-" + vocabulary, false);
        expectAll(tokenizer, "ggml-" + vocabulary + ".parse_special", true);
        expectPairs(tokenizer, vocabulary);
    }

    @Test
    void shouldEncodeAsSentencePieceDoes() {
        expectAll(Goldens.ofVocabulary("llama-spm"), "spm-llama2-spm", false);
    }

    @ParameterizedTest
    @CsvSource({"r50k_base, gpt-2", "cl100k_base, smaug-bpe"})
    void shouldEncodeWithRanks(String ranks, String pre) {
        expectAll(Goldens.ofRanks(ranks, pre), "tiktoken-" + ranks, false);
    }

    @Test
    void shouldEncodeAsLlama3() {
        Tokenizer tokenizer = Goldens.ofRanks("llama3", "llama-bpe");
        expectAll(tokenizer, "tiktoken-llama3", false);
        expectPairs(tokenizer, "llama-bpe");
    }

    @ParameterizedTest
    @ValueSource(strings = {"phi-2", "roberta-base", "t5-small", "bert-base-uncased-langchain4j"})
    void shouldEncodeAsHuggingFaceDoes(String name) {
        Tokenizer tokenizer = Goldens.ofDirectory("hf/" + name + ".tokenizer.json", "tokenizer.json");
        expectAll(tokenizer, "hf-" + name, true);
    }

    private static void expectAll(Tokenizer tokenizer, String golden, boolean parseSpecial) {
        Map<Integer, String> prompts = Goldens.prompts();
        Map<Integer, int[]> expected = Goldens.ids(golden);
        assertThat(expected.keySet()).isEqualTo(prompts.keySet());
        Map<String, String> wrong = new LinkedHashMap<>();
        prompts.forEach((id, text) -> {
            int[] got = tokenizer.encode(text, false, parseSpecial);
            if (!Arrays.equals(got, expected.get(id))) {
                wrong.put(id + " " + text, Arrays.toString(got) + " for " + Arrays.toString(expected.get(id)));
            }
        });
        assertThat(wrong).as("of %d", prompts.size()).isEmpty();
    }

    private static void expectPairs(Tokenizer tokenizer, String name) {
        Map<String, int[]> pairs = Goldens.pairs(name);
        assertThat(pairs).hasSizeGreaterThan(40);
        pairs.forEach((text, ids) ->
                assertThat(tokenizer.encode(text, false, false)).as(text).isEqualTo(ids));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gguf", "bin"})
    void shouldAgreeOnStories260K(String form) {
        Tokenizer tokenizer = Goldens.of("0-stories260K/stories260K." + form);
        JsonNode strings = Goldens.json("0-stories260K/peer-golden/stories260K-tokens.json")
                .get("strings");
        assertThat(strings).hasSize(25);
        for (JsonNode s : strings) {
            String text = s.get("text").asString();
            assertThat(tokenizer.encode(text, true, true)).as(text).isEqualTo(Goldens.ints(s.get("with_bos")));
            assertThat(tokenizer.encode(text, false, true)).as(text).isEqualTo(Goldens.ints(s.get("no_bos")));
            assertThat(tokenizer.encode(text, false, true)).as(text).isEqualTo(Goldens.ints(s.get("parse_special")));
            if (SPECIAL.contains(text)) {
                // The reference writes control tokens out.
                assertThat(tokenizer.piece(s.get("no_bos").get(0).asInt()))
                        .isEqualTo(s.get("detok").asString());
            } else {
                // The reference keeps the encoder's space.
                assertThat(streamed(tokenizer, Goldens.ints(s.get("with_bos")), false))
                        .isEqualTo(s.get("detok").asString());
                assertThat(tokenizer.decode(Goldens.ints(s.get("with_bos")))).isEqualTo(text);
            }
        }
        JsonNode prompts = Goldens.json("0-stories260K/golden.json").get("prompts");
        for (JsonNode p : prompts) {
            assertThat(tokenizer.encode(p.get("prompt").asString(), true, false))
                    .isEqualTo(Goldens.ints(p.get("ids")));
        }
    }

    /** Phi-2 has GPT-2's vocabulary and some tokens behind it. */
    @Test
    void shouldDecodeAsTheReferenceDoes() {
        Tokenizer tokenizer = Goldens.ofVocabulary("gpt-2");
        Map<Integer, int[]> ids = Goldens.ids("hf-phi-2");
        Map<Integer, String> texts = Goldens.texts("hf-phi-2.decode");
        TreeSet<Integer> compared = new TreeSet<>();
        ids.forEach((id, tokens) -> {
            for (int t : tokens) if (t >= tokenizer.size()) return;
            assertThat(tokenizer.decode(tokens)).isEqualTo(texts.get(id));
            compared.add(id);
        });
        assertThat(compared).hasSizeGreaterThan(200);
    }

    static String streamed(Tokenizer tokenizer, int[] tokens, boolean wholeText) {
        TextDecoder decoder = new TextDecoder(tokenizer, wholeText);
        StringBuilder text = new StringBuilder();
        for (int t : tokens) text.append(decoder.next(t));
        return text.append(decoder.finish()).toString();
    }
}
