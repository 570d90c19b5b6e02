// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.load.Metadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a model file may say about its tokenizer, and what it may not. */
class TokenizersTest {
    private static final String P = "tokenizer.ggml.";
    private final Metadata bytePairs = SmallTokenizers.bytePairs("gpt-2", 1);
    private final Metadata scoredPairs = SmallTokenizers.scoredPairs(false, 1);

    private static Metadata with(Metadata metadata, String key, Object value) {
        Map<String, Object> values = new HashMap<>(metadata.values());
        values.put(P + key, value);
        return new Metadata(values);
    }

    private static Metadata without(Metadata metadata, String key) {
        Map<String, Object> values = new HashMap<>(metadata.values());
        values.remove(P + key);
        return new Metadata(values);
    }

    private static void reject(Metadata metadata, String... message) {
        assertThatThrownBy(() -> Tokenizers.from(metadata))
                .isInstanceOf(RuntimeException.class)
                .hasMessageContainingAll(message);
    }

    /** A vocabulary of all bytes and these tokens behind them, from id 3 + 256 on. */
    private static Tokenizer scored(Map<String, Integer> typed) {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        List<Integer> types = new ArrayList<>(List.of(2, 3, 3));
        for (int b = 0; b < 256; b++) {
            tokens.add("<0x%02X>".formatted(b));
            types.add(6);
        }
        typed.forEach((token, type) -> {
            tokens.add(token);
            types.add(type);
        });
        return Tokenizers.from(new Metadata(Map.of(
                P + "model",
                "llama",
                P + "tokens",
                tokens,
                P + "token_type",
                types.stream().mapToInt(i -> i).toArray(),
                P + "add_space_prefix",
                false,
                P + "scores",
                new float[tokens.size()])));
    }

    @Test
    void shouldRejectWhenTheKindIsUnknown() {
        reject(with(bytePairs, "model", "rwkv"), "name='rwkv'", "gpt2", "llama");
        reject(without(bytePairs, "model"), "tokenizer.ggml.model");
    }

    @Test
    void shouldRejectWhenThePreTokenizerIsUnknown() {
        reject(with(bytePairs, "pre", "hot-new"), "name='hot-new'", "gpt-2", "llama-bpe", "qwen2");
        reject(with(bytePairs, "pre", "qwen2(x"), "qwen2(x");
    }

    @Test
    void shouldTakeGpt2sPreTokenizerWhenTheFileNamesNone() {
        Tokenizer t = Tokenizers.from(without(bytePairs, "pre"));
        String text = "12 the\n\n  he 's";
        assertThat(t.encode(text, true, true))
                .isEqualTo(Tokenizers.from(bytePairs).encode(text, true, true));
    }

    @Test
    void shouldRejectWhenListsDoNotMatch() {
        reject(with(scoredPairs, "scores", new float[2]), "scores", "2 entries");
        reject(with(scoredPairs, "token_type", new int[1]), "token_type", "1 entries");
        reject(without(scoredPairs, "scores"), "scores");
        reject(without(bytePairs, "merges"), "merges");
        reject(with(without(bytePairs, "token_type"), "tokens", List.of()), "tokens=0");
        reject(with(bytePairs, "tokens", "text"), "tokens");
        int[] types = bytePairs.integers(P + "token_type").clone();
        types[9] = 259;
        reject(with(bytePairs, "token_type", types), "token_type[9]=259");
        reject(with(bytePairs, "tokens", List.of(1L, 2L)), "tokens");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "ab", "a ", " a"})
    void shouldRejectWhenAMergeIsNoPair(String merge) {
        reject(with(bytePairs, "merges", List.of("t h", merge)), "merges[1]", "'" + merge + "'");
    }

    @Test
    void shouldRejectWhenAnIdIsNoToken() {
        reject(with(bytePairs, "bos_token_id", 99_999L), "bos_token_id=99999");
        reject(with(bytePairs, "eos_token_id", -2L), "eos_token_id=-2");
        reject(with(bytePairs, "eot_token_id", "x"), "eot_token_id=x");
    }

    @Test
    void shouldRejectWhenAByteTokenIsNone() {
        List<Object> tokens = new ArrayList<>(scoredPairs.list(P + "tokens"));
        tokens.set(100, "<0xZZ>");
        reject(with(scoredPairs, "tokens", tokens), "token 100", "<0xZZ>");
    }

    @Test
    void shouldHaveNoTokenWhereTheFileSaysSo() {
        for (long none : new long[] {-1, 0xFFFF_FFFFL}) {
            Tokenizer t = Tokenizers.from(with(with(scoredPairs, "bos_token_id", none), "eos_token_id", none));
            assertThat(t.bos()).isEqualTo(-1);
            assertThat(t.eos()).isEqualTo(-1);
            assertThat(t.encode("", true, false)).isEmpty();
        }
    }

    @Test
    void shouldPutInFrontAndBehindWhatTheFileSays() {
        Tokenizer spm = Tokenizers.from(with(scoredPairs, "add_eos_token", true));
        assertThat(spm.encode("", true, false)).containsExactly(1, 2);
        assertThat(spm.encode("", false, false)).isEmpty();
        Tokenizer silent = Tokenizers.from(with(scoredPairs, "add_bos_token", false));
        assertThat(silent.encode("", true, false)).isEmpty();
        Metadata llama3 = with(with(bytePairs, "pre", "llama-bpe"), "bos_token_id", 7L);
        assertThat(Tokenizers.from(llama3).encode("", true, false)).containsExactly(7);
        assertThat(Tokenizers.from(with(llama3, "pre", "qwen2")).encode("", true, false))
                .isEmpty();
    }

    @Test
    void shouldEndAnAnswerWithEveryTokenThatEndsATurn() {
        Tokenizer t = Tokenizers.from(with(with(bytePairs, "eos_token_id", 3L), "eot_token_id", 4L));
        int end = t.encode(SmallTokenizers.CONTROL, false, true)[0];
        assertThat(t.endOfGeneration()).containsExactlyInAnyOrder(3, 4, end);
    }

    @Test
    void shouldTreatATurnsEndAsControlWhereTheFileForgot() {
        Tokenizer t = scored(Map.of("<|im_end|>", 1));
        assertThat(t.isControl(259)).isTrue();
        assertThat(t.endOfGeneration()).contains(259);
        assertThat(t.encode("<|im_end|>", false, false)).hasSize(10);
    }

    @Test
    void shouldFindUserDefinedTokensInAnyTextAndLongerOnesFirst() {
        Tokenizer t = scored(new TreeMap<>(Map.of("ab", 4, "bcd", 4, "b", 4, "<x>", 3)));
        assertThat(t.encode("abcd", false, false))
                .as("the longer one, though it begins later")
                .containsExactly(3 + 'a', pieceId(t, "bcd"));
        assertThat(t.encode("abc", false, false)).containsExactly(pieceId(t, "ab"), 3 + 'c');
        assertThat(t.encode("bb", false, false)).containsExactly(pieceId(t, "b"), pieceId(t, "b"));
        assertThat(t.encode("a<x>", false, true)).containsExactly(3 + 'a', pieceId(t, "<x>"));
        assertThat(t.encode("<x>", false, false)).containsExactly(3 + '<', 3 + 'x', 3 + '>');
    }

    private static int pieceId(Tokenizer t, String piece) {
        for (int i = 0; i < t.size(); i++) if (t.piece(i).equals(piece)) return i;
        throw new AssertionError(piece);
    }

    @Test
    void shouldTakeDuplicatesAndEmptyTokens() {
        Tokenizer t = Tokenizers.from(new Metadata(Map.of(
                P + "model",
                "llama",
                P + "tokens",
                List.of("<unk>", "a", "", "a", "", "▁", "aa"),
                P + "token_type",
                new int[] {2, 1, 1, 1, 4, 1, 1},
                P + "scores",
                new float[7])));
        assertThat(t.encode("a aab", false, true)).containsExactly(5, 3, 5, 6, 0);
        assertThat(t.decode(new int[] {5, 1, 2, 4, 0, 6})).isEqualTo("aaa");
    }

    @Test
    void shouldRejectWhenATextCannotBeWritten() {
        Metadata metadata = new Metadata(
                Map.of(P + "model", "gpt2", P + "tokens", List.of("a", "b"), P + "merges", List.of("a b", "c d")));
        Tokenizer t = Tokenizers.from(metadata);
        assertThat(t.encode("aba", false, false)).containsExactly(0, 1, 0);
        assertThatThrownBy(() -> t.encode("cd", false, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("byte 99");
        Metadata unknown = with(metadata, "unknown_token_id", 1L);
        assertThat(Tokenizers.from(unknown).encode("c", false, false)).containsExactly(1);
        Metadata scored = with(with(metadata, "model", "llama"), "scores", new float[2]);
        reject(with(scored, "unknown_token_id", -1L), "byte 0", "unknown");
    }

    @Test
    void shouldRejectWhenAVocabularyWouldFillTheHeap() {
        Metadata metadata =
                new Metadata(Map.of(P + "model", "gpt2", P + "tokens", List.of("a"), P + "merges", List.of()));
        List<String> merges =
                IntStream.range(0, 100_000).mapToObj(i -> "x" + i + " y").toList();
        reject(with(metadata, "merges", merges), "texts that are no tokens");
        List<String> tokens =
                IntStream.range(0, 3000).mapToObj(i -> i + "x".repeat(500)).toList();
        int[] types = new int[tokens.size()];
        Arrays.fill(types, 3); // control
        reject(with(with(metadata, "tokens", tokens), "token_type", types), "special tokens are longer together");
        reject(with(metadata, "merges", List.of("a\nb")), "merges[0] is 'a?b', wanted");
    }

    @Test
    void shouldRejectWhenATokenIsOutside() {
        Tokenizer t = Tokenizers.from(bytePairs);
        assertThatThrownBy(() -> t.decode(new int[] {0, t.size()}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("token=" + t.size())
                .hasMessageContaining("0 to " + (t.size() - 1));
        assertThatThrownBy(() -> t.piece(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> t.isControl(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
