// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A row as a line: JSON, CSV, or for people. What was not measured is null, or nothing. */
final class KvLines {
    private static final List<String> COLUMNS = List.of(
            "recipe",
            "budget",
            "task",
            "mode",
            "quality",
            "bytes",
            "fullBytes",
            "decodeRatio",
            "prefillRatio",
            "keptBytes",
            "score",
            "fullScore",
            "asked",
            "seed",
            "energyRatio");

    private KvLines() {}

    static ObjectNode object(KvRow row) {
        ObjectNode node = JsonMapper.shared()
                .createObjectNode()
                .put("recipe", row.recipe())
                .put("budget", row.budget())
                .put("task", row.task())
                .put("mode", row.mode());
        put(node, "quality", row.quality());
        node.put("bytes", row.bytes()).put("fullBytes", row.fullBytes());
        put(node, "decodeRatio", row.decodeRatio());
        put(node, "prefillRatio", row.prefillRatio());
        node.put("keptBytes", row.kept());
        put(node, "score", row.score());
        put(node, "fullScore", row.fullScore());
        node.put("asked", row.asked()).put("seed", row.seed());
        put(node, "energyRatio", row.energyRatio());
        return node;
    }

    static ObjectNode object(KvDecode result) {
        return JsonMapper.shared()
                .createObjectNode()
                .put("recipe", result.recipe())
                .put("task", "decode")
                .put("context", result.context())
                .put("decodeRatio", result.ratio())
                .put("keptBytes", result.bytes())
                .put("fullBytes", result.fullBytes());
    }

    static String text(KvDecode result) {
        return String.format(
                Locale.ROOT,
                "%-58s decode behind %6d tokens: %5.2f of f16's, %5.1f %% of its pages",
                result.recipe(),
                result.context(),
                result.ratio(),
                100.0 * result.bytes() / result.fullBytes());
    }

    /** What {@link #object} made. */
    static KvRow row(JsonNode node) {
        return new KvRow(
                node.path("recipe").asString(),
                real(node, "budget"),
                node.path("task").asString(),
                node.path("mode").asString(),
                real(node, "score"),
                real(node, "fullScore"),
                node.path("bytes").asLong(),
                node.path("keptBytes").asLong(),
                node.path("fullBytes").asLong(),
                real(node, "decodeRatio"),
                real(node, "prefillRatio"),
                real(node, "energyRatio"),
                node.path("asked").asInt(),
                node.path("seed").asLong());
    }

    private static double real(JsonNode node, String name) {
        return node.path(name).isNumber() ? node.path(name).asDouble() : Double.NaN;
    }

    private static void put(ObjectNode node, String name, double value) {
        if (Double.isFinite(value)) node.put(name, value);
        else node.putNull(name);
    }

    static String csvHead() {
        return String.join(",", COLUMNS);
    }

    static String csv(KvRow row) {
        ObjectNode node = object(row);
        return COLUMNS.stream()
                .map(column -> node.get(column).isNull() ? "" : node.get(column).asString())
                .map(value -> value.contains(",") ? '"' + value + '"' : value)
                .collect(Collectors.joining(","));
    }

    static String text(KvRow row) {
        String quality = row.isText() || row.fullScore() > 0
                ? String.format(Locale.ROOT, "quality %6.3f (f16 itself %5.3f)", row.quality(), row.fullScore())
                : "f16 itself: 0                 ";
        return String.format(
                Locale.ROOT,
                "%-58s %-13s %-6s %s  bytes %5.1f %%, then %5.1f %%  decode %5.2f  prefill %5.2f of f16's",
                row.recipe(),
                row.task(),
                row.mode(),
                quality,
                100 * row.share(),
                100 * row.keptShare(),
                row.decodeRatio(),
                row.prefillRatio());
    }
}
