// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Hugging Face's {@code tokenizer.json}: vocabulary and merges become the arrays a GGUF file has, read as a stream so
 * that half a million merges never stand as a tree; the rest is kept as JSON under {@link TokenizerFiles#PIPELINE}.
 */
final class TokenizerJson {
    private static final long MOST_BYTES = 128L << 20;
    private static final int MOST_HEAP = 32 << 20; // of the vocabulary's texts, and of the merges'
    private static final int MOST_PIPELINE = 8 << 20;
    private static final int MOST_TOKENS = 1 << 22;
    private static final int MOST_DEPTH = 64;

    /** Names are not kept: a vocabulary's are all different. */
    static final JsonMapper MAPPER = new JsonMapper(JsonFactory.builder()
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MOST_DEPTH)
                    .maxNameLength(1 << 16)
                    .maxStringLength(4 << 20)
                    .build())
            .build());

    private final Path file;
    private final StringArray.Builder texts = new StringArray.Builder(MOST_HEAP);
    private int[] ids = new int[1 << 10];
    /** Of a Unigram vocabulary, whose ids are its places. */
    private float[] scores;

    private final StringArray.Builder merges = new StringArray.Builder(MOST_HEAP);
    private boolean hasMerges;
    private final ByteArrayOutputStream rest = new ByteArrayOutputStream();
    private final List<AddedToken> added = new ArrayList<>();
    private boolean byteFallback;
    private String unknown;
    private int unknownId = -1;

    private record AddedToken(int id, String text, boolean special) {}

    private TokenizerJson(Path file) {
        this.file = file;
    }

    static Map<String, Object> read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MOST_BYTES) {
            throw new MalformedModelException(
                    file, 0, "too long for a tokenizer: bytes=" + size + ", most=" + MOST_BYTES);
        }
        TokenizerJson reader = new TokenizerJson(file);
        // as a file and not as bytes: Jackson reads it through a small window
        try (JsonParser in = MAPPER.createParser(file);
                JsonGenerator out = MAPPER.createGenerator(reader.rest)) {
            reader.top(in, out);
        } catch (JacksonException e) {
            long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getByteOffset());
            throw new MalformedModelException(
                    file, at, "not a tokenizer.json: " + MalformedModelException.shown(e.getOriginalMessage()));
        }
        return reader.values();
    }

    private MalformedModelException wrong(JsonParser in, String what) {
        return new MalformedModelException(
                file, Math.max(0, in.currentTokenLocation().getByteOffset()), what);
    }

    private void expect(JsonParser in, JsonToken token, String what) {
        if (in.currentToken() != token) {
            throw wrong(in, what + " is " + in.currentToken() + ", wanted " + token);
        }
    }

    private void top(JsonParser in, JsonGenerator out) {
        in.nextToken();
        expect(in, JsonToken.START_OBJECT, "the file");
        out.writeStartObject();
        while (in.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = in.currentName();
            in.nextToken();
            out.writeName(name);
            switch (name) {
                case "model" -> model(in, out);
                case "added_tokens" -> addedTokens(in, out);
                default -> copy(in, out);
            }
        }
        out.writeEndObject();
        if (texts.size() + added.size() == 0) throw wrong(in, "it has no vocabulary");
    }

    private void copy(JsonParser in, JsonGenerator out) {
        out.copyCurrentStructure(in);
        out.flush();
        if (rest.size() > MOST_PIPELINE) {
            throw wrong(in, "more than the vocabulary may be: bytes=" + rest.size() + ", most=" + MOST_PIPELINE);
        }
    }

    private void model(JsonParser in, JsonGenerator out) {
        expect(in, JsonToken.START_OBJECT, "model");
        out.writeStartObject();
        while (in.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = in.currentName();
            JsonToken value = in.nextToken();
            if (name.equals("vocab")) {
                if (value == JsonToken.START_ARRAY) scored(in);
                else numbered(in);
            } else if (name.equals("merges")) {
                allMerges(in);
            } else {
                if (name.equals("byte_fallback")) byteFallback = value == JsonToken.VALUE_TRUE;
                if (name.equals("unk_token") && value == JsonToken.VALUE_STRING) unknown = in.getString();
                if (name.equals("unk_id") && value == JsonToken.VALUE_NUMBER_INT) unknownId = in.getIntValue();
                out.writeName(name);
                copy(in, out);
            }
        }
        out.writeEndObject();
    }

    private void token(JsonParser in, String text, int id) {
        if (id < 0 || id >= MOST_TOKENS) throw wrong(in, "a token's id is " + id + ", allowed is below " + MOST_TOKENS);
        if (texts.size() == ids.length) ids = Arrays.copyOf(ids, 2 * ids.length);
        ids[texts.size()] = id;
        if (!texts.add(text)) throw wrong(in, "the vocabulary is longer than " + MOST_HEAP + " bytes");
    }

    private void numbered(JsonParser in) {
        expect(in, JsonToken.START_OBJECT, "model.vocab");
        while (in.nextToken() == JsonToken.PROPERTY_NAME) {
            String text = in.currentName();
            in.nextToken();
            expect(in, JsonToken.VALUE_NUMBER_INT, "a token's id");
            token(in, text, in.getIntValue());
        }
    }

    private void scored(JsonParser in) {
        scores = new float[1 << 10];
        while (in.nextToken() != JsonToken.END_ARRAY) {
            expect(in, JsonToken.START_ARRAY, "an entry of model.vocab");
            in.nextToken();
            expect(in, JsonToken.VALUE_STRING, "a token");
            String text = in.getString();
            if (!in.nextToken().isNumeric()) throw wrong(in, "a token's score is " + in.currentToken());
            if (texts.size() == scores.length) scores = Arrays.copyOf(scores, 2 * scores.length);
            scores[texts.size()] = in.getFloatValue();
            token(in, text, texts.size());
            in.nextToken();
            expect(in, JsonToken.END_ARRAY, "the end of a token and its score");
        }
    }

    /** Each a line {@code left right}, or an array of the two. */
    private void allMerges(JsonParser in) {
        expect(in, JsonToken.START_ARRAY, "model.merges");
        hasMerges = true;
        while (in.nextToken() != JsonToken.END_ARRAY) {
            String line;
            if (in.currentToken() == JsonToken.START_ARRAY) {
                line = half(in) + ' ' + half(in);
                in.nextToken();
                expect(in, JsonToken.END_ARRAY, "the end of a merge");
            } else {
                expect(in, JsonToken.VALUE_STRING, "a merge");
                line = in.getString();
            }
            if (!merges.add(line)) throw wrong(in, "the merges are longer than " + MOST_HEAP + " bytes");
        }
    }

    private String half(JsonParser in) {
        in.nextToken();
        expect(in, JsonToken.VALUE_STRING, "half a merge");
        String text = in.getString();
        if (text.indexOf(' ') >= 0) {
            String what = "half a merge holds a space, which is not supported: ";
            throw wrong(in, what + MalformedModelException.shown(text));
        }
        return text;
    }

    private void addedTokens(JsonParser in, JsonGenerator out) {
        expect(in, JsonToken.START_ARRAY, "added_tokens");
        out.writeStartArray();
        while (in.nextToken() != JsonToken.END_ARRAY) {
            expect(in, JsonToken.START_OBJECT, "an added token");
            int before = rest.size();
            var tree = in.readValueAsTree();
            out.writePOJO(tree);
            out.flush();
            if (rest.size() > MOST_PIPELINE || before < 0)
                throw wrong(in, "too many added tokens: most=" + MOST_PIPELINE);
            var node = (tools.jackson.databind.JsonNode) tree;
            if (!node.path("id").isInt() || !node.path("content").isString()) {
                throw wrong(in, "an added token lacks its id or content");
            }
            int id = node.get("id").intValue();
            if (id < 0 || id >= MOST_TOKENS) throw wrong(in, "an added token's id is " + id);
            added.add(new AddedToken(
                    id, node.get("content").stringValue(), node.path("special").asBoolean(false)));
        }
        out.writeEndArray();
    }

    private Map<String, Object> values() {
        StringArray inFileOrder = texts.build();
        int size = 0;
        for (int i = 0; i < inFileOrder.size(); i++) size = Math.max(size, ids[i] + 1);
        for (AddedToken a : added) size = Math.max(size, a.id + 1);
        int[] places = new int[size]; // place in the file + 1, and below 0 that of an added token
        for (int i = 0; i < inFileOrder.size(); i++) places[ids[i]] = i + 1;
        for (int i = 0; i < added.size(); i++) places[added.get(i).id] = -i - 1;
        StringArray.Builder tokens = new StringArray.Builder(2 * MOST_HEAP);
        int[] types = new int[size];
        int unknownToken = unknownId >= 0 && unknownId < size ? unknownId : -1;
        for (int t = 0; t < size; t++) {
            int place = places[t];
            String text = place > 0 ? inFileOrder.get(place - 1) : place < 0 ? added.get(-place - 1).text : "";
            if (!tokens.add(text))
                throw new MalformedModelException(file, 0, "its ids have too many holes: most=" + size);
            types[t] = type(place, text);
            if (text.equals(unknown)) unknownToken = t;
        }
        if (unknownToken >= 0) types[unknownToken] = TokenType.UNKNOWN;
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("tokenizer.ggml.model", TokenizerFiles.BY_PIPELINE);
        values.put("tokenizer.ggml.tokens", tokens.build());
        values.put("tokenizer.ggml.token_type", types);
        if (scores != null) values.put("tokenizer.ggml.scores", Arrays.copyOf(scores, size));
        if (hasMerges) values.put("tokenizer.ggml.merges", merges.build());
        if (unknownToken >= 0) values.put("tokenizer.ggml.unknown_token_id", (long) unknownToken);
        values.put(TokenizerFiles.PIPELINE, rest.toString(StandardCharsets.UTF_8));
        return values;
    }

    private int type(int place, String text) {
        if (place < 0) return added.get(-place - 1).special ? TokenType.CONTROL : TokenType.USER_DEFINED;
        if (place == 0) return TokenType.UNUSED;
        return byteFallback && text.matches("<0x[0-9A-F]{2}>") ? TokenType.BYTE : TokenType.NORMAL;
    }
}
