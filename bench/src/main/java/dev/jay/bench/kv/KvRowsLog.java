// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Cell;
import dev.jay.bench.kv.KvJudge.Score;
import dev.jay.engine.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Rows of a run as they come, a JSON line each, behind one that says what is asked: a run that was ended goes on where it
 * was. f16's own answers are rows too.
 */
final class KvRowsLog {
    private static final long MOST_BYTES = 64 << 20;
    private static final String ASKED = "asked of";
    private static final String ITEMS = "items";

    private final Path file; // null: nothing is kept
    private final List<KvRow> before = new ArrayList<>();
    private final Map<Long, Integer> items = new HashMap<>(); // by seed

    /** Nothing was measured, nothing is kept. */
    KvRowsLog() {
        this.file = null;
    }

    /** Goes on with a file that is there, if it asks the same of the same model. */
    KvRowsLog(Path file, KvJudge judge) throws IOException {
        this.file = file;
        String asked = Fingerprint.of(judge.model()) + " " + judge.length() + " tokens, " + judge.cells() + ", text "
                + Integer.toHexString(judge.text().hashCode());
        if (!Files.exists(file) || Files.size(file) == 0) {
            append(JsonMapper.shared().createObjectNode().put(ASKED, asked).toString());
            return;
        }
        if (Files.size(file) > MOST_BYTES) throw unsound("bytes=" + Files.size(file));
        List<String> lines = Files.readAllLines(file);
        if (node(lines.getLast(), lines.size()) == null) append(""); // the run ended within it
        for (int i = 0; i < lines.size(); i++) {
            JsonNode node = node(lines.get(i), i);
            if (node == null) continue;
            if (node.has(ITEMS))
                items.put(node.path("seed").asLong(), node.path(ITEMS).asInt());
            else if (i > 0) before.add(KvLines.row(node));
            else if (!asked.equals(node.path(ASKED).asString(""))) {
                throw new IllegalArgumentException("--rows: " + file
                        + " was asked something else, or of another model: name another file, or remove it");
            }
        }
    }

    private JsonNode node(String line, int at) {
        try {
            return JsonMapper.shared().readTree(line);
        } catch (JacksonException e) {
            if (at == 0) throw unsound("line 1 is no JSON");
            return null;
        }
    }

    private IllegalArgumentException unsound(String why) {
        return new IllegalArgumentException("--rows: " + file + " holds no rows of such a run: " + why);
    }

    /** How many items the rows of a seed are of. */
    OptionalInt items(long seed) {
        return items.containsKey(seed) ? OptionalInt.of(items.get(seed)) : OptionalInt.empty();
    }

    /** Says so, before the first of them. */
    void items(long seed, int each) throws IOException {
        items.put(seed, each);
        if (file != null) {
            append(JsonMapper.shared()
                    .createObjectNode()
                    .put(ITEMS, each)
                    .put("seed", seed)
                    .toString());
        }
    }

    void add(KvRow row) throws IOException {
        if (file != null) append(KvLines.object(row).toString());
    }

    private void append(String line) throws IOException {
        Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** What a recipe was answered before; empty unless it was asked all. */
    List<KvRow> rows(String recipe, long seed, int cells) {
        List<KvRow> its = before.stream()
                .filter(row -> row.recipe().equals(recipe) && row.seed() == seed)
                .toList();
        return its.size() == cells ? its : List.of();
    }

    /** What f16 itself was answered before; empty unless it was asked all. */
    Map<Cell, Score> full(long seed, int cells) {
        Map<Cell, Score> scores = new LinkedHashMap<>();
        for (KvRow row : rows(KvJudge.F16, seed, cells)) {
            scores.put(new Cell(row.task(), row.mode()), new Score(row.score(), row.asked()));
        }
        return scores;
    }
}
