// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Tokenizers small enough to reason about, complete in bytes, and texts for them. */
final class SmallTokenizers {
    static final String CONTROL = "<|end|>";
    static final String USER_DEFINED = "<tool>";
    private static final String[] SNIPPETS = {
        "the",
        " the",
        "he",
        "'s",
        "'LL",
        "'",
        "  ",
        " ",
        "\n",
        "\r\n",
        "\t",
        "12345",
        "½",
        "Ⅷ",
        "é",
        "é",
        "ß",
        "ſ",
        "你好",
        "こ",
        "🦙",
        "👩‍💻",
        "\u00a0",
        "\u2003",
        "\u3000",
        "\u0085",
        "\u200b",
        "!?",
        "...",
        "_",
        "<|end|>",
        "<tool>",
        "<0x41>",
        "\u0000",
        "\ufffd",
        "ा",
        "A",
        "aaaa",
        "ẞ",
        "٣",
        "{\n    }",
        "-->",
        "\u0378",
        "𝟘",
        "𐐀",
        "'ve",
        " 're"
    };

    private SmallTokenizers() {}

    /** Letters of all bytes, then a random merge for each following token, then one control and one user-defined. */
    static Metadata bytePairs(String pre, long seed) {
        Random random = new Random(seed);
        List<String> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            byte[] out = new byte[2];
            tokens.add(new String(out, 0, ByteLetters.write(new byte[] {(byte) b}, 0, 1, out), StandardCharsets.UTF_8));
        }
        List<String> merges = new ArrayList<>();
        List<String> common = new ArrayList<>(List.of("t", "h", "e", "a", "Ġ", "Ċ", "1", "2", "<", "|", "Ã", "©"));
        for (int i = 0; i < 60; i++) {
            String left = common.get(random.nextInt(common.size()));
            String right = common.get(random.nextInt(common.size()));
            if (left.length() + right.length() > 8) continue;
            merges.add(left + " " + right);
            common.add(left + right);
            // Some merges lead to what is no token.
            if (i % 7 != 0) tokens.add(left + right);
        }
        Map<String, Object> values = withSpecials(tokens, new ArrayList<>());
        values.put("tokenizer.ggml.model", "gpt2");
        values.put("tokenizer.ggml.pre", pre);
        values.put("tokenizer.ggml.merges", merges);
        return new Metadata(values);
    }

    /** Unknown, control, all bytes, then random tokens with few different scores. */
    static Metadata scoredPairs(boolean spacesInside, long seed) {
        Random random = new Random(seed);
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int b = 0; b < 256; b++) tokens.add("<0x%02X>".formatted(b));
        List<String> common = new ArrayList<>(List.of("t", "h", "e", "a", "▁", "\n", "1", "<", "|", "é", "你"));
        tokens.addAll(common);
        for (int i = 0; i < 80; i++) {
            String token = common.get(random.nextInt(common.size())) + common.get(random.nextInt(common.size()));
            if (token.length() > 8
                    || !spacesInside && token.replaceFirst("^▁+", "").contains("▁")) continue;
            common.add(token);
            tokens.add(token);
        }
        List<Integer> types = new ArrayList<>(List.of(2, 3, 3));
        while (types.size() < 259) types.add(6);
        Map<String, Object> values = withSpecials(tokens, types);
        float[] scores = new float[tokens.size()];
        for (int t = 0; t < scores.length; t++) scores[t] = -random.nextInt(12);
        values.put("tokenizer.ggml.scores", scores);
        values.put("tokenizer.ggml.model", "llama");
        return new Metadata(values);
    }

    private static Map<String, Object> withSpecials(List<String> tokens, List<Integer> types) {
        while (types.size() < tokens.size()) types.add(1);
        tokens.add(CONTROL);
        types.add(3);
        tokens.add(USER_DEFINED);
        types.add(4);
        Map<String, Object> values = new HashMap<>();
        values.put("tokenizer.ggml.tokens", tokens);
        values.put("tokenizer.ggml.token_type", types.stream().mapToInt(i -> i).toArray());
        return values;
    }

    /** The pre-tokenizers, each by one of its names. */
    static List<String> pres() {
        Map<String, String> names = new LinkedHashMap<>();
        PreTokenizers.ALL.entries().forEach(e -> names.putIfAbsent(e.summary(), e.name()));
        return List.copyOf(names.values());
    }

    /** One of each kind and each pre-tokenizer. */
    static Map<String, Tokenizer> all(long seed) {
        Map<String, Tokenizer> all = new HashMap<>();
        for (String pre : pres()) all.put("gpt2 " + pre, Tokenizers.from(bytePairs(pre, seed)));
        all.put("llama", Tokenizers.from(scoredPairs(false, seed)));
        all.put("llama, spaces inside", Tokenizers.from(scoredPairs(true, seed)));
        return all;
    }

    /** A text of snippets where scripts, classes of characters and special tokens meet. */
    static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(20); n > 0; n--) {
            if (random.nextInt(10) > 0) {
                text.append(SNIPPETS[random.nextInt(SNIPPETS.length)]);
            } else {
                int c = random.nextInt(Character.MAX_CODE_POINT + 1);
                text.appendCodePoint(c >= 0xD800 && c < 0xE000 ? 'x' : c);
            }
        }
        return text.toString();
    }
}
