// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A tokenizer file of llama2.c, {@code [longest:i32]} and for each token {@code [score:f32][length:i32][bytes]}, as the
 * keys a GGUF file has for a SentencePiece vocabulary.
 */
final class Llama2cVocabulary {
    private static final long MOST_BYTES = 32L << 20;
    private static final int LONGEST_TOKEN = 4096;
    private static final int TOKEN_HEAP = 64; // a string, its place, score and type, roughly
    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");
    private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");

    private Llama2cVocabulary() {}

    /** @param tokenizer null looks beside the model */
    static Map<String, Object> read(Path model, Path tokenizer, int size) throws IOException {
        Path file = tokenizer != null ? tokenizer : beside(model, size);
        if (Files.size(file) > MOST_BYTES) {
            throw new MalformedModelException(
                    file, 0, "too long for a tokenizer: bytes=" + Files.size(file) + ", most=" + MOST_BYTES);
        }
        FileCursor cursor = new FileCursor(file, MemorySegment.ofArray(Files.readAllBytes(file)));
        cursor.i32("longest token");
        if (size > cursor.remaining() / (2 * Integer.BYTES)) {
            throw cursor.wrong(4, "too short for the model's vocabulary: tokens=" + size);
        }
        cursor.charge((long) size * TOKEN_HEAP, "vocabulary");
        List<String> tokens = new ArrayList<>(size);
        float[] scores = new float[size];
        int[] types = new int[size];
        for (int i = 0; i < size; i++) {
            scores[i] = cursor.f32("score of token " + i);
            long from = cursor.at();
            int length = cursor.i32("length of token " + i);
            if (length < 0 || length > LONGEST_TOKEN) {
                throw cursor.wrong(from, "token " + i + " is too long: bytes=" + length + ", most=" + LONGEST_TOKEN);
            }
            String piece = cursor.utf8(length, "token " + i);
            tokens.add(i < SPECIAL.size() ? SPECIAL.get(i) : piece.replace(' ', '\u2581'));
            types[i] = type(i, piece);
        }
        return describe(tokens, scores, types);
    }

    private static Path beside(Path model, int size) {
        List<String> names = List.of("tok" + size + ".bin", "tokenizer.bin");
        for (String name : names) {
            Path file = model.resolveSibling(name);
            if (Files.isRegularFile(file)) return file;
        }
        throw new MalformedModelException(model, 0, "its tokenizer is not beside it: looked for=" + names);
    }

    private static int type(int token, String piece) {
        if (token < SPECIAL.size()) return token == 0 ? TokenType.UNKNOWN : TokenType.CONTROL;
        return BYTE.matcher(piece).matches() ? TokenType.BYTE : TokenType.NORMAL;
    }

    private static Map<String, Object> describe(List<String> tokens, float[] scores, int[] types) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("tokenizer.ggml.model", "llama");
        values.put("tokenizer.ggml.tokens", List.copyOf(tokens));
        values.put("tokenizer.ggml.scores", scores);
        values.put("tokenizer.ggml.token_type", types);
        values.put("tokenizer.ggml.bos_token_id", 1L);
        values.put("tokenizer.ggml.eos_token_id", 2L);
        values.put("tokenizer.ggml.unknown_token_id", 0L);
        values.put("tokenizer.ggml.add_bos_token", true);
        values.put("tokenizer.ggml.add_eos_token", false);
        return values;
    }
}
