// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.jay.model.load.Metadata;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for tokenizers of every kind, and each kind against its slow definition. */
class TokenizerLaws {
    @Test
    void shouldGiveTheTextBack() {
        Random random = new Random(7);
        for (long seed = 0; seed < 4; seed++) {
            for (Map.Entry<String, Tokenizer> kind : SmallTokenizers.all(seed).entrySet()) {
                Tokenizer t = kind.getValue();
                for (int i = 0; i < 100; i++) {
                    String text = SmallTokenizers.text(random);
                    // SentencePiece cannot tell its own space from a space, and puts one behind user-defined tokens.
                    if (t.addsSpacePrefix()) text = text.replace("▁", "").replace(SmallTokenizers.USER_DEFINED, "");
                    assertThat(t.decode(t.encode(text, true, false)))
                            .as(kind.getKey())
                            .isEqualTo(text);
                }
            }
        }
    }

    @Test
    void shouldNeverMakeAControlTokenOfPlainText() {
        for (Map.Entry<String, Tokenizer> kind : SmallTokenizers.all(3).entrySet()) {
            Tokenizer t = kind.getValue();
            for (int control = 0; control < t.size(); control++) {
                if (!t.isControl(control)) continue;
                String text = "a" + t.piece(control) + t.piece(control);
                for (int token : t.encode(text, false, false)) {
                    assertThat(t.isControl(token)).as(kind.getKey()).isFalse();
                }
                assertThat(t.encode(text, false, true)).as(kind.getKey()).endsWith(control, control);
            }
        }
    }

    @Test
    void shouldTakeALoneSurrogateForTheReplacementCharacter() {
        for (Tokenizer t : SmallTokenizers.all(3).values()) {
            assertThat(t.encode("a\ud800b\udc00", false, false)).isEqualTo(t.encode("a\ufffdb\ufffd", false, false));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a", "t", "th", " ", "\n", "1", "!", "é", "🦙", "<", "<|end|>", "<tool>", "he he\n", "\ud800"})
    void shouldBeNearLinear(String unit) {
        String text = unit.repeat(300_000 / unit.length());
        Map<String, Tokenizer> all = SmallTokenizers.all(1);
        for (String name : List.of("gpt2 gpt-2", "gpt2 llama-bpe", "llama", "llama, spaces inside")) {
            Tokenizer t = all.get(name);
            assertTimeoutPreemptively(Duration.ofSeconds(5), () -> t.encode(text, true, true), name);
        }
    }

    @Test
    void shouldMergeByScoreAsTheDefinitionDoes() {
        Random random = new Random(8);
        for (long seed = 0; seed < 10; seed++) {
            for (boolean spacesInside : new boolean[] {false, true}) {
                Metadata metadata = SmallTokenizers.scoredPairs(spacesInside, seed);
                Tokenizer tokenizer = Tokenizers.from(metadata);
                for (int i = 0; i < 30; i++) {
                    String text = letters(random, "theaéxy你1 \n <|");
                    assertThat(tokenizer.encode(text, false, false)).as(text).isEqualTo(byScores(metadata, text));
                }
            }
        }
    }

    private static String letters(Random random, String from) {
        StringBuilder text = new StringBuilder();
        for (int n = 1 + random.nextInt(24); n > 0; n--) text.append(from.charAt(random.nextInt(from.length())));
        return text.toString();
    }

    private static int[] byScores(Metadata metadata, String text) {
        List<?> tokens = metadata.list("tokenizer.ggml.tokens");
        float[] scores = metadata.reals("tokenizer.ggml.scores");
        List<String> symbols = new ArrayList<>(List.of(("▁" + text.replace(' ', '▁')).split("")));
        while (true) {
            int best = -1;
            double most = Double.NEGATIVE_INFINITY;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int token = tokens.lastIndexOf(symbols.get(i) + symbols.get(i + 1));
                if (token < 259 || scores[token] <= most) continue;
                best = i;
                most = scores[token];
            }
            if (best < 0) break;
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
        List<Integer> ids = new ArrayList<>();
        for (String symbol : symbols) {
            int token = tokens.lastIndexOf(symbol);
            if (token >= 0) {
                ids.add(token);
            } else {
                for (byte b : symbol.getBytes(StandardCharsets.UTF_8)) ids.add(3 + (b & 0xFF));
            }
        }
        return ids.stream().mapToInt(i -> i).toArray();
    }

    @Test
    void shouldMergeByRankAsTheDefinitionDoes() {
        Random random = new Random(9);
        for (long seed = 0; seed < 10; seed++) {
            for (String pre : List.of("gpt-2", "llama-bpe", "qwen2")) {
                Metadata metadata = SmallTokenizers.bytePairs(pre, seed);
                Tokenizer tokenizer = Tokenizers.from(metadata);
                for (int i = 0; i < 30; i++) {
                    String text = letters(random, "theaatthé1122 \n\n<|");
                    assertThat(tokenizer.encode(text, false, false)).as(text).isEqualTo(byRanks(metadata, pre, text));
                }
            }
        }
    }

    private static int[] byRanks(Metadata metadata, String pre, String text) {
        List<?> tokens = metadata.list("tokenizer.ggml.tokens");
        List<?> merges = metadata.list("tokenizer.ggml.merges");
        PreTokenizer splitter = PreTokenizers.ALL.make(pre);
        byte[] bytes = Utf8.of(text);
        List<Integer> ids = new ArrayList<>();
        int[] at = {0};
        splitter.cut(bytes, 0, bytes.length, end -> {
            byte[] out = new byte[2 * (end - at[0])];
            String piece = new String(out, 0, ByteLetters.write(bytes, at[0], end, out), StandardCharsets.UTF_8);
            List<String> symbols = splitter.takesWholeTokens() && tokens.contains(piece)
                    ? new ArrayList<>(List.of(piece))
                    : mergedByRank(merges, piece);
            for (String symbol : symbols) {
                List<String> written = tokens.contains(symbol) ? List.of(symbol) : Arrays.asList(symbol.split(""));
                for (String s : written) ids.add(tokens.lastIndexOf(s));
            }
            at[0] = end;
        });
        return ids.stream().mapToInt(i -> i).toArray();
    }

    private static List<String> mergedByRank(List<?> merges, String piece) {
        List<String> symbols = new ArrayList<>(List.of(piece.split("")));
        while (true) {
            int best = -1;
            int least = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int rank = merges.indexOf(symbols.get(i) + " " + symbols.get(i + 1));
                if (rank < 0 || rank >= least) continue;
                best = i;
                least = rank;
            }
            if (best < 0) return symbols;
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }
}
