// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.load.Metadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts in which the order of merges, and which tokens may come of them, decide. Written as pieces between bars. */
class MergingTest {
    private static final String P = "tokenizer.ggml.";

    private static String pieces(Tokenizer t, String text, boolean parseSpecial) {
        return String.join(
                "|",
                Arrays.stream(t.encode(text, false, parseSpecial))
                        .mapToObj(t::piece)
                        .toList());
    }

    /** @param types by token, where it is not a plain one */
    private static Tokenizer tokenizer(Map<String, Object> more, List<String> tokens, Map<String, Integer> types) {
        Map<String, Object> values = new HashMap<>(more);
        List<String> all = new ArrayList<>(List.of("<unk>"));
        all.addAll(tokens);
        values.put(P + "tokens", all);
        values.put(
                P + "token_type",
                all.stream()
                        .mapToInt(t -> t.equals("<unk>") ? 2 : types.getOrDefault(t, 1))
                        .toArray());
        values.put(P + "unknown_token_id", 0L);
        return Tokenizers.from(new Metadata(values));
    }

    private static Tokenizer byRanks(String pre, List<String> merges, List<String> tokens, Map<String, Integer> types) {
        return tokenizer(Map.of(P + "model", "gpt2", P + "pre", pre, P + "merges", merges), tokens, types);
    }

    /** The earlier a token stands, the higher is its score. */
    private static Tokenizer byScores(String name, List<String> tokens, Map<String, Integer> types) {
        float[] scores = new float[tokens.size() + 1];
        for (int t = 0; t < scores.length; t++) scores[t] = -t;
        return tokenizer(
                Map.of(P + "model", "llama", "general.name", name, P + "scores", scores, P + "add_space_prefix", false),
                tokens,
                types);
    }

    @Test
    void shouldForgetAPairWhoseRightSideHasGrown() {
        List<String> tokens = List.of("bc", "ab", "bcd", "abc", "a", "b", "c", "d");
        Tokenizer ranks = byRanks("gpt-2", List.of("b c", "a b", "bc d", "a bc"), tokens, Map.of());
        assertThat(pieces(ranks, "abcd", false)).isEqualTo("a|bcd");
        assertThat(pieces(byScores("", tokens, Map.of()), "abcd", false)).isEqualTo("a|bcd");
    }

    @Test
    void shouldTakeTheLeftOneAmongEquals() {
        List<String> tokens = List.of("aa", "a");
        assertThat(pieces(byRanks("gpt-2", List.of("a a"), tokens, Map.of()), "aaaaa", false))
                .isEqualTo("aa|aa|a");
        assertThat(pieces(byScores("", tokens, Map.of()), "aaaaa", false)).isEqualTo("aa|aa|a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "llama-bpe"})
    void shouldNotMergeTextIntoAControlToken(String pre) {
        List<String> tokens = List.of("ab", "a", "b", "c", "abc");
        Tokenizer ranks = byRanks(pre, List.of("a b", "ab c"), tokens, Map.of("abc", 3));
        assertThat(pieces(ranks, "abc", false)).isEqualTo("a|b|c");
        assertThat(pieces(ranks, "abc", true)).isEqualTo("abc");
        Tokenizer scores = byScores("", tokens, Map.of("abc", 3));
        assertThat(pieces(scores, "abc", false)).isEqualTo("ab|c");
        assertThat(pieces(scores, "abc", true)).isEqualTo("abc");
    }

    @Test
    void shouldTakeWholeTokensWithoutMergesWhereTheFamilyDoes() {
        List<String> tokens = List.of("a", "b", "c", "abc");
        assertThat(pieces(byRanks("llama-bpe", List.of(), tokens, Map.of()), "abc", false))
                .isEqualTo("abc");
        assertThat(pieces(byRanks("qwen2", List.of(), tokens, Map.of()), "abc", false))
                .isEqualTo("a|b|c");
    }

    @Test
    void shouldTakeTheShorterSpecialTokenWhereALongerOneHasNoRoom() {
        List<String> tokens = List.of("b", "<x>b", "<x>", "bcde");
        Tokenizer t = byScores("", tokens, Map.of("<x>b", 3, "<x>", 3, "bcde", 3));
        assertThat(pieces(t, "<x>b", true)).isEqualTo("<x>b");
        assertThat(pieces(t, "<x>b<x>bcde", true)).isEqualTo("<x>b|<x>b|<unk>|<unk>|<unk>");
        tokens = List.of("b", "<x>b", "<x>", "bcdef");
        t = byScores("", tokens, Map.of("<x>b", 3, "<x>", 3, "bcdef", 3));
        assertThat(pieces(t, "<x>bcdef", true)).isEqualTo("<x>|bcdef");
    }

    @Test
    void shouldGiveWhiteSpaceBehindPhi3sSpecialTokensToThem() {
        List<String> tokens = List.of("a", "\u2581", "<|user|>", "<s>");
        Map<String, Integer> types = Map.of("<|user|>", 3, "<s>", 3);
        assertThat(pieces(byScores("Phi-3", tokens, types), "<|user|> \n a<s> a", true))
                .isEqualTo("<|user|>|a|<s>|\u2581|a");
        assertThat(pieces(byScores("Mistral", tokens, types), "<|user|> a", true))
                .isEqualTo("<|user|>|\u2581|a");
    }
}
