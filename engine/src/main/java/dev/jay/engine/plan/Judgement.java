// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.model.load.MalformedModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code jay bench kv} measured on one model, as it is kept in a file: {@code {"version": 1, "by": "jay bench kv",
 * "model": PRINT, "name": NAME, "rows": [...]}}.
 *
 * @param print of the model, as {@link dev.jay.engine.Fingerprint} has it: wherever the file lies
 * @param name  what its file was called
 */
public record Judgement(String print, String name, List<JudgedRow> rows) {
    /** The most bytes such a file may have. */
    public static final int MOST_BYTES = 8 << 20;

    /** The task that every judgement must have. */
    public static final String PERPLEXITY = "perplexity";

    private static final int VERSION = 1;
    private static final int MOST_ROWS = 20_000;
    private static final int MOST_TEXT = 1000; // characters
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(8)
                            .maxNumberLength(40)
                            .maxStringLength(MOST_BYTES)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .build();

    public Judgement {
        rows = List.copyOf(rows);
    }

    /**
     * @param from what a message calls the file
     * @throws MalformedModelException if it is not sound; says where
     */
    public static Judgement parse(byte[] json, String from) {
        if (json.length > MOST_BYTES) throw wrong(from, "bytes=" + json.length + ", allowed: at most " + MOST_BYTES);
        JsonNode root;
        try {
            root = MAPPER.readTree(json);
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            throw wrong(
                    from,
                    "it is not sound JSON, or names a property twice"
                            + (at == null ? "" : ": line " + at.getLineNr() + ", column " + at.getColumnNr()));
        }
        if (root == null || !root.isObject()) throw wrong(from, "it must be a JSON object");
        Fields fields = new Fields(root, from);
        if (fields.whole("version", 0, Integer.MAX_VALUE) != VERSION) {
            throw wrong(from, "version=" + root.get("version") + ", allowed: " + VERSION);
        }
        JsonNode list = root.get("rows");
        if (list == null || !list.isArray() || list.size() > MOST_ROWS) {
            throw wrong(from, "rows must be a list of at most " + MOST_ROWS);
        }
        List<JudgedRow> rows = new ArrayList<>();
        for (JsonNode row : list) rows.add(row(new Fields(row, from + ", row " + (rows.size() + 1))));
        return new Judgement(fields.text("model"), fields.text("name"), rows);
    }

    private static JudgedRow row(Fields f) {
        return new JudgedRow(
                f.text("recipe"),
                f.text("task"),
                f.text("mode"),
                (int) f.whole("context", 1, 1 << 24),
                (int) f.whole("items", 0, Integer.MAX_VALUE),
                f.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE),
                f.nullOrReal("quality"),
                f.whole("bytes", 0, Long.MAX_VALUE),
                f.whole("keptBytes", 0, Long.MAX_VALUE),
                f.whole("fullBytes", 1, Long.MAX_VALUE),
                f.nullOrReal("decodeRatio"),
                f.nullOrReal("prefillRatio"));
    }

    private static MalformedModelException wrong(String from, String what) {
        return new MalformedModelException("the judgement of keys and values in " + from + " cannot be used: " + what);
    }

    /** With rows of a later run: they take the place of those that answer the same. */
    public Judgement with(List<JudgedRow> later) {
        List<JudgedRow> all = new ArrayList<>(rows);
        for (JudgedRow row : later) {
            all.removeIf(row::asksAs);
            all.add(row);
        }
        return new Judgement(print, name, all);
    }

    /** {@link #parse} reads it; a row a line. */
    public String text() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "{\"version\": %d, \"by\": \"jay bench kv\", \"model\": %s, \"name\": %s, \"rows\": [",
                VERSION,
                MAPPER.writeValueAsString(print),
                MAPPER.writeValueAsString(name)));
        String before = "\n";
        for (JudgedRow row : rows) {
            text.append(before).append(object(row));
            before = ",\n";
        }
        return text.append("\n]}\n").toString();
    }

    private static ObjectNode object(JudgedRow row) {
        ObjectNode node = MAPPER.createObjectNode()
                .put("recipe", row.recipe())
                .put("task", row.task())
                .put("mode", row.mode())
                .put("context", row.context())
                .put("items", row.items())
                .put("seed", row.seed());
        put(node, "quality", row.quality());
        node.put("bytes", row.bytes()).put("keptBytes", row.keptBytes()).put("fullBytes", row.fullBytes());
        put(node, "decodeRatio", row.decodeRatio());
        put(node, "prefillRatio", row.prefillRatio());
        return node;
    }

    private static void put(ObjectNode node, String name, double value) {
        if (Double.isFinite(value)) node.put(name, value);
        else node.putNull(name);
    }

    /** The fields of an object, of the type and size that they must have. */
    private record Fields(JsonNode node, String from) {
        private String text(String name) {
            JsonNode value = node.get(name);
            if (value == null || !value.isString() || value.stringValue().length() > MOST_TEXT) {
                throw wrong(from, name + " must be a string of at most " + MOST_TEXT + " characters");
            }
            return value.stringValue();
        }

        private long whole(String name, long least, long most) {
            JsonNode value = node.get(name);
            boolean isWhole = value != null && value.isIntegralNumber() && value.canConvertToLong();
            if (!isWhole || value.longValue() < least || value.longValue() > most) {
                throw wrong(from, name + "=" + cut(value) + ", allowed: a whole number from " + least + " to " + most);
            }
            return value.longValue();
        }

        /** NaN for null. */
        private double nullOrReal(String name) {
            JsonNode value = node.get(name);
            if (value != null && value.isNull()) return Double.NaN;
            double real = value != null && value.isNumber() ? value.doubleValue() : -1;
            if (!(real >= 0 && real < 1e9)) {
                throw wrong(from, name + "=" + cut(value) + ", allowed: a number from 0, or null");
            }
            return real;
        }

        private static String cut(JsonNode value) {
            String text = value == null ? "nothing" : value.toString();
            return text.length() <= 60 ? text : text.substring(0, 60) + "...";
        }
    }
}
