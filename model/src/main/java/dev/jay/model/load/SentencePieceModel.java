// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A {@code tokenizer.model} of SentencePiece (sentencepiece_model.proto), as the keys a GGUF file has for the same
 * vocabulary: byte pairs as {@code llama}, unigram as {@code t5}.
 */
final class SentencePieceModel {
    private static final long MOST_BYTES = 32L << 20;
    private static final int MOST_HEAP = 48 << 20;

    private static final int UNIGRAM = 1;
    private static final int BYTE_PAIRS = 2;

    private final StringArray.Builder tokens = new StringArray.Builder(MOST_HEAP);
    private float[] scores = new float[1024];
    private int[] types = new int[1024];
    private int modelType = UNIGRAM;
    private int unknown = 0;
    private int bos = 1;
    private int eos = 2;
    private boolean suffix;
    private byte[] table = {};
    private boolean prefix = true;
    private boolean removesExtra = true;
    private boolean escapes = true;

    private SentencePieceModel() {}

    static Map<String, Object> read(Path file) throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new MalformedModelException(
                    file, 0, "too long for a tokenizer: bytes=" + Files.size(file) + ", most=" + MOST_BYTES);
        }
        Protobuf in = new Protobuf(file, Files.readAllBytes(file));
        SentencePieceModel model = new SentencePieceModel();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> model.piece(in.message());
                case 2 -> model.training(in.message());
                case 3 -> model.normalizing(in.message());
                default -> {}
            }
        }
        return model.values(in);
    }

    private void piece(Protobuf in) {
        String text = "";
        float score = 0;
        int type = TokenType.NORMAL;
        while (in.next()) {
            switch (in.field()) {
                case 1 -> text = in.text();
                case 2 -> score = in.real();
                case 3 -> type = in.integer();
                default -> {}
            }
        }
        if (type < TokenType.NORMAL || type > TokenType.BYTE) throw in.wrong("a piece is of an unknown type: " + type);
        if (Float.isNaN(score)) throw in.wrong("a piece's score is no number");
        if (tokens.size() == scores.length) {
            scores = Arrays.copyOf(scores, 2 * scores.length);
            types = Arrays.copyOf(types, 2 * types.length);
        }
        scores[tokens.size()] = score;
        types[tokens.size()] = type;
        if (!tokens.add(text))
            throw in.wrong("the vocabulary takes more heap than it may: most=" + MOST_HEAP + " bytes");
    }

    private void training(Protobuf in) {
        while (in.next()) {
            switch (in.field()) {
                case 3 -> modelType = in.integer();
                case 24 -> suffix = in.flag();
                case 40 -> unknown = in.integer();
                case 41 -> bos = in.integer();
                case 42 -> eos = in.integer();
                default -> {}
            }
        }
    }

    private void normalizing(Protobuf in) {
        while (in.next()) {
            switch (in.field()) {
                case 2 -> table = in.bytes();
                case 3 -> prefix = in.flag();
                case 4 -> removesExtra = in.flag();
                case 5 -> escapes = in.flag();
                default -> {}
            }
        }
    }

    private Map<String, Object> values(Protobuf in) {
        int size = tokens.size();
        if (size == 0) throw in.wrong("it has no pieces");
        if (modelType != UNIGRAM && modelType != BYTE_PAIRS) {
            throw in.wrong("its model is of a type that is not supported: type=" + modelType
                    + ", known=[1 (unigram), 2 (byte pairs)]");
        }
        if (suffix || !escapes) {
            throw in.wrong("it writes spaces in a way that is not supported: treat_whitespace_as_suffix=" + suffix
                    + ", escape_whitespaces=" + escapes);
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("tokenizer.ggml.model", modelType == UNIGRAM ? "t5" : "llama");
        values.put("tokenizer.ggml.tokens", tokens.build());
        values.put("tokenizer.ggml.scores", Arrays.copyOf(scores, size));
        values.put("tokenizer.ggml.token_type", Arrays.copyOf(types, size));
        id(values, "unknown_token_id", unknown, size);
        id(values, "bos_token_id", bos, size);
        id(values, "eos_token_id", eos, size);
        values.put("tokenizer.ggml.add_space_prefix", prefix);
        values.put("tokenizer.ggml.remove_extra_whitespaces", removesExtra);
        if (table.length > 0) values.put("tokenizer.ggml.precompiled_charsmap", table);
        return values;
    }

    private static void id(Map<String, Object> values, String key, int id, int size) {
        values.put("tokenizer.ggml." + key, id < size ? Math.max(-1L, id) : -1L);
    }
}
