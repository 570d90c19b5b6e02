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
    @CsvSource({
        "llama-spm, ggml-llama-spm",
        "llama-spm, spm-llama2-spm",
        "phi-3, ggml-phi-3",
        "gpt-2, ggml-gpt-2",
        "gpt-2, tiktoken-r50k_base"
    })
    void shouldEncodePlainTextAsTheReferenceDoes(String vocabulary, String golden) {
        expectAll(Goldens.ofVocabulary(vocabulary), golden, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "phi-3", "gpt-2"})
    void shouldReadSpecialTokensAsTheReferenceDoes(String vocabulary) {
        expectAll(Goldens.ofVocabulary(vocabulary), "ggml-" + vocabulary + ".parse_special", true);
    }

    @Test
    void shouldEncodeWithLlama3sRanks() {
        expectAll(Goldens.ofRanks("llama3", "llama-bpe"), "tiktoken-llama3", false);
    }

    @Test
    void shouldEncodeWithGpt2sRanks() {
        expectAll(Goldens.ofRanks("r50k_base", "gpt-2"), "tiktoken-r50k_base", false);
    }

    @Test
    void shouldEncodeWithGpt4sRanks() {
        expectAll(Goldens.ofRanks("cl100k_base", "llama-bpe"), "tiktoken-cl100k_base", false);
    }

    private static void expectAll(Tokenizer tokenizer, String golden, boolean parseSpecial) {
        Map<Integer, String> prompts = Goldens.prompts();
        Map<Integer, int[]> expected = Goldens.ids(golden);
        assertThat(expected.keySet()).isEqualTo(prompts.keySet());
        Map<String, String> wrong = new LinkedHashMap<>();
        prompts.forEach((id, text) -> {
            int[] got = tokenizer.encode(text, false, parseSpecial);
            if (!Arrays.equals(got, expected.get(id))) {
                wrong.put(id + " " + text, Arrays.toString(got) + " for "
                        + Arrays.toString(expected.get(id)));
            }
        });
        assertThat(wrong).as("of %d", prompts.size()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "phi-3", "gpt-2", "llama-bpe"})
    void shouldEncodeThePairsThatComeWithTheVocabulary(String name) {
        Tokenizer tokenizer =
                name.equals("llama-bpe") ? Goldens.ofRanks("llama3", name) : Goldens.ofVocabulary(name);
        Map<String, int[]> pairs = Goldens.pairs(name);
        assertThat(pairs).hasSizeGreaterThan(40);
        pairs.forEach((text, ids) ->
                assertThat(tokenizer.encode(text, false, false)).as(text).isEqualTo(ids));
    }

    @Test
    void shouldAgreeOnStories260K() {
        Tokenizer tokenizer = Goldens.ofStories();
        JsonNode strings = Goldens.json("0-stories260K/peer-golden/stories260K-tokens.json").get("strings");
        assertThat(strings).hasSize(25);
        for (JsonNode s : strings) {
            String text = s.get("text").asString();
            assertThat(tokenizer.encode(text, true, true)).as(text).isEqualTo(Goldens.ints(s.get("with_bos")));
            assertThat(tokenizer.encode(text, false, true)).as(text).isEqualTo(Goldens.ints(s.get("no_bos")));
            assertThat(tokenizer.encode(text, false, true)).as(text).isEqualTo(Goldens.ints(s.get("parse_special")));
            if (SPECIAL.contains(text)) {
                // The reference writes control tokens out.
                assertThat(tokenizer.piece(s.get("no_bos").get(0).asInt())).isEqualTo(s.get("detok").asString());
            } else {
                // The reference keeps the encoder's space.
                assertThat(streamed(tokenizer, Goldens.ints(s.get("with_bos")), false))
                        .isEqualTo(s.get("detok").asString());
                assertThat(tokenizer.decode(Goldens.ints(s.get("with_bos")))).isEqualTo(text);
            }
        }
        JsonNode prompts = Goldens.json("0-stories260K/golden.json").get("prompts");
        for (JsonNode p : prompts) {
            assertThat(tokenizer.encode(p.get("prompt").asString(), true, false)).isEqualTo(Goldens.ints(p.get("ids")));
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
