// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A schema's text, read, with its references found inside it. */
final class SchemaDocument {
    private static final int DEPTH = 100;
    private static final int MOST_LENGTH = 1_000_000;
    private static final int MOST_REFS = 1000;
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEPTH)
                            .maxNumberLength(400)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .build();

    private final JsonNode root;

    SchemaDocument(String text) {
        if (text.length() > MOST_LENGTH) {
            throw new GrammarException(
                    "schema: length=" + text.length() + ", allowed: at most " + MOST_LENGTH + " characters");
        }
        try {
            root = MAPPER.readTree(text);
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            throw new GrammarException("schema: it is not sound JSON, names a property twice or nests deeper than "
                    + DEPTH + (at == null ? "" : ": line " + at.getLineNr() + ", column " + at.getColumnNr()));
        } catch (NumberFormatException | ArithmeticException e) {
            throw new GrammarException("schema: a number in it has too many digits");
        }
        if (root == null || !(root.isObject() || root.isBoolean())) {
            throw new GrammarException("schema: it must be an object or a boolean");
        }
    }

    JsonNode root() {
        return root;
    }

    /** @param byRef whether a reference was followed */
    record Flat(List<SchemaPart> parts, boolean byRef, boolean impossible) {}

    /** The same demands without references and allOf. */
    Flat flat(List<SchemaPart> parts) {
        Set<SchemaPart> flat = new LinkedHashSet<>();
        Set<SchemaPart> seen = new LinkedHashSet<>();
        ArrayDeque<SchemaPart> left = new ArrayDeque<>(parts);
        boolean byRef = false;
        boolean impossible = false;
        while (!left.isEmpty()) {
            SchemaPart part = left.poll();
            if (!seen.add(part)) continue;
            if (seen.size() > MOST_REFS) throw new GrammarException("schema: $ref, allOf: too many for one value");
            JsonNode node = part.node();
            if (node.isBoolean()) {
                impossible |= !node.booleanValue();
                continue;
            }
            if (!node.isObject()) throw new GrammarException("schema: a schema must be an object or a boolean");
            node.propertyNames().forEach(SchemaKeywords::check);
            JsonNode ref = part.group("$ref", SchemaPart.REF);
            JsonNode all = part.group("allOf", SchemaPart.ALL_OF);
            if (ref != null) {
                byRef = true;
                left.addFirst(new SchemaPart(target(ref)));
            }
            if (all != null) for (JsonNode each : listed("allOf", all)) left.addLast(new SchemaPart(each));
            SchemaPart rest = ref == null && all == null ? part : part.without(SchemaPart.REF | SchemaPart.ALL_OF);
            if (rest.asserts()) flat.add(rest);
        }
        return new Flat(List.copyOf(flat), byRef, impossible);
    }

    static JsonNode listed(String word, JsonNode node) {
        if (!node.isArray() || node.isEmpty()) {
            throw new GrammarException("schema: keyword " + word + ": must be an array that is not empty");
        }
        return node;
    }

    private JsonNode target(JsonNode ref) {
        String name = ref.isString() ? ref.stringValue() : "";
        if (!name.startsWith("#")) {
            throw new GrammarException(
                    "schema: keyword $ref: only references into the schema itself (#...) are followed: "
                            + SchemaKeywords.shown(name));
        }
        JsonNode at = root;
        String path = decoded(name.substring(1));
        if (!path.isEmpty() && !path.startsWith("/")) {
            throw new GrammarException(
                    "schema: keyword $ref: only paths (#/...) are followed: " + SchemaKeywords.shown(name));
        }
        if (!path.isEmpty()) {
            for (String step : path.substring(1).split("/", -1)) {
                String key = step.replace("~1", "/").replace("~0", "~");
                JsonNode next = at.isArray() && key.matches("\\d{1,6}") ? at.get(Integer.parseInt(key)) : at.get(key);
                if (next == null) {
                    throw new GrammarException("schema: keyword $ref: nothing is there: " + SchemaKeywords.shown(name));
                }
                at = next;
            }
        }
        return at;
    }

    /** Bytes written as %XX in a reference. */
    private static String decoded(String text) {
        if (text.indexOf('%') < 0) return text;
        byte[] from = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < from.length; i++) {
            int high = from[i] == '%' && i + 2 < from.length ? Character.digit(from[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(from[i + 2], 16);
            bytes.write(low < 0 ? from[i] : 16 * high + low);
            if (low >= 0) i += 2;
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
