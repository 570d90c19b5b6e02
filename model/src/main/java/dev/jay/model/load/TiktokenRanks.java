// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Ranks as tiktoken writes them, a line {@code BASE64 RANK} for each token, as byte pairs: the merges of a token are all
 * its halves that are tokens, in the order of the token's rank. The file does not say how text is cut; which of the known
 * vocabularies it is follows from how many ranks it has. It has no special tokens.
 */
final class TiktokenRanks {
    private static final long MOST_BYTES = 32L << 20;
    private static final int MOST_HEAP = 64 << 20;
    private static final int MOST_RANKS = 1 << 19;
    private static final int MOST_TOKEN_BYTES = 256;

    /** The pre-tokenizer by the number of ranks: GPT-2, cl100k, Llama 3, Qwen, o200k. */
    private static final Map<Integer, String> CUTS =
            Map.of(50256, "gpt-2", 100256, "llama-bpe", 128000, "llama-bpe", 151643, "qwen2", 199998, "gpt-4o");

    private final Path file;
    private final Map<String, Integer> ranks = new HashMap<>(); // tokens in Latin-1: a char is a byte
    private int size;

    private TiktokenRanks(Path file) {
        this.file = file;
    }

    /** Whether the file begins as such a file does. */
    static boolean isOne(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            String head = new String(in.readNBytes(64), StandardCharsets.ISO_8859_1);
            return head.matches("(?s)[A-Za-z0-9+/]+=* \\d+\\n.*");
        }
    }

    static Map<String, Object> read(Path file) throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new MalformedModelException(
                    file, 0, "too long for a tokenizer: bytes=" + Files.size(file) + ", most=" + MOST_BYTES);
        }
        TiktokenRanks reader = new TiktokenRanks(file);
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        for (int at = 0; at < text.length(); ) {
            int end = text.indexOf('\n', at);
            end = end < 0 ? text.length() : end;
            if (end > at) reader.line(text.substring(at, end), at);
            at = end + 1;
        }
        return reader.values();
    }

    private void line(String line, int at) {
        int space = line.indexOf(' ');
        try {
            byte[] token = Base64.getDecoder().decode(space < 0 ? "" : line.substring(0, space));
            int rank = Integer.parseInt(line.substring(space + 1).strip());
            if (token.length == 0 || token.length > MOST_TOKEN_BYTES || rank < 0 || rank >= MOST_RANKS) {
                throw new MalformedModelException(
                        file,
                        at,
                        "a token of " + token.length + " bytes and rank " + rank + ", allowed are 1 to "
                                + MOST_TOKEN_BYTES + " bytes and ranks below " + MOST_RANKS);
            }
            ranks.put(new String(token, StandardCharsets.ISO_8859_1), rank);
            size = Math.max(size, rank + 1);
        } catch (IllegalArgumentException e) { // base64, and the number
            throw new MalformedModelException(
                    file, at, "not a token and its rank: " + MalformedModelException.shown(line));
        }
    }

    private Map<String, Object> values() {
        String cut = CUTS.get(ranks.size());
        if (cut == null) {
            throw new MalformedModelException(
                    file,
                    0,
                    "it does not say how text is cut, and its size is none that is known: ranks=" + ranks.size()
                            + ", known=" + CUTS.keySet().stream().sorted().toList());
        }
        String[] byRank = new String[size];
        ranks.forEach((token, rank) -> byRank[rank] = token);
        StringArray.Builder tokens = new StringArray.Builder(MOST_HEAP);
        StringArray.Builder merges = new StringArray.Builder(MOST_HEAP);
        int[] types = new int[size];
        boolean room = true;
        for (int rank = 0; rank < size; rank++) {
            String token = byRank[rank];
            types[rank] = token == null ? TokenType.UNUSED : TokenType.NORMAL;
            room &= tokens.add(token == null ? "" : letters(token));
            if (token != null) room &= halves(token, merges);
        }
        if (!room) throw new MalformedModelException(file, 0, "it takes more heap than it may: most=" + MOST_HEAP);
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("tokenizer.ggml.model", "gpt2");
        values.put("tokenizer.ggml.pre", cut);
        values.put("tokenizer.ggml.tokens", tokens.build());
        values.put("tokenizer.ggml.token_type", types);
        values.put("tokenizer.ggml.merges", merges.build());
        return values;
    }

    private boolean halves(String token, StringArray.Builder merges) {
        List<Integer> cuts = IntStream.range(1, token.length())
                .filter(cut -> ranks.containsKey(token.substring(0, cut)) && ranks.containsKey(token.substring(cut)))
                .boxed()
                .sorted(Comparator.comparing(cut -> ranks.get(token.substring(0, cut))))
                .toList();
        boolean room = true;
        for (int cut : cuts) {
            room &= merges.add(letters(token.substring(0, cut)) + ' ' + letters(token.substring(cut)));
        }
        return room;
    }

    /** As byte-level vocabularies write bytes: those that print in Latin-1 as they are, the others from U+0100 on. */
    private static String letters(String token) {
        StringBuilder out = new StringBuilder(token.length());
        for (int i = 0; i < token.length(); i++) {
            char b = token.charAt(i);
            boolean prints = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            if (prints) out.append(b);
            else out.append((char) (0x100 + (b < '!' ? b : b == 0xAD ? 67 : b - '~' - 1 + 33)));
        }
        return out.toString();
    }
}
