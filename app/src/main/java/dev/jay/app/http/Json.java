// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** JSON in and out of a body, with limits on what comes in. */
final class Json {
    static final String CONTENT_TYPE = "application/json; charset=utf-8";

    private static final int DEPTH = 64;
    private static final int NUMBER = 64;
    private static final int NAME = 1024;
    private static final int PARTS = 300_000; // each takes many times the bytes it is written with
    private static final int CHUNK = 8192;
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEPTH)
                            .maxNumberLength(NUMBER)
                            .maxTokenCount(PARTS)
                            .maxNameLength(NAME)
                            .maxStringLength(Integer.MAX_VALUE) // the body's own limit stands before it
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    static ArrayNode array() {
        return MAPPER.createArrayNode();
    }

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static byte[] bytes(JsonNode node) {
        return MAPPER.writeValueAsBytes(node);
    }

    /** The object that a text holds; refused as {@link #parse} does. */
    static ObjectNode object(String text) {
        return root(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The object a body holds; {@link ApiException} with status 400 where it holds anything else. */
    static Fields parse(byte[] body) {
        return new Fields(root(body), "");
    }

    private static ObjectNode root(byte[] body) {
        JsonNode root;
        try {
            root = MAPPER.readTree(body);
        } catch (JacksonException e) {
            throw ApiException.invalid(null, "invalid_json", "the body is not sound JSON: " + where(e));
        }
        if (root instanceof ObjectNode object) return object;
        throw ApiException.invalid(null, "the body must be a JSON object");
    }

    /** A body that is an array, as the one field of an object. */
    static byte[] named(String name, byte[] array) {
        boolean is = new String(array, StandardCharsets.UTF_8).stripLeading().startsWith("[");
        if (!is) return array;
        byte[] begin = ("{\"" + name + "\":").getBytes(StandardCharsets.UTF_8);
        byte[] all = Arrays.copyOf(begin, begin.length + array.length + 1);
        System.arraycopy(array, 0, all, begin.length, array.length);
        all[all.length - 1] = '}';
        return all;
    }

    /** Never the text itself: it may be somebody's prompt. */
    private static String where(JacksonException e) {
        boolean known = e.getLocation() != null && e.getLocation().getLineNr() > 0;
        return known
                ? "line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr()
                : "it is empty or broken";
    }

    /** All of a body, unless it is longer than {@code most}. */
    static byte[] read(InputStream body, long most) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] chunk = new byte[CHUNK];
        for (int n = body.read(chunk); n >= 0; n = body.read(chunk)) {
            all.write(chunk, 0, n);
            if (all.size() > most) throw Errors.tooLarge();
        }
        return all.toByteArray();
    }
}
