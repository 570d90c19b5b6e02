// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.optimize;

import dev.jay.bench.optimize.OptimizersBench.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Rows as they come, a JSON line each, behind one that says of what: a bench that was ended goes on where it was. */
final class OptimizersLog {
    private static final long MOST_BYTES = 16 << 20;

    private final JsonMapper mapper = new JsonMapper();
    private final Path file; // null: nothing is kept
    private final List<Row> before = new ArrayList<>();

    /**
     * Goes on with a file that is there.
     *
     * @param file null for none
     * @param of   model, text and steps
     * @throws IllegalArgumentException if it is of something else, or no such file
     */
    OptimizersLog(Path file, String of) throws IOException {
        this.file = file;
        if (file == null) return;
        if (!Files.exists(file)) {
            Files.writeString(file, of + "\n");
            return;
        }
        if (Files.size(file) > MOST_BYTES) {
            throw new IllegalArgumentException(
                    "--rows: " + file + " bytes=" + Files.size(file) + ", allowed: " + MOST_BYTES);
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.isEmpty() || !lines.getFirst().equals(of)) {
            throw new IllegalArgumentException(
                    "--rows: " + file + " is not of '" + of + "': name another, or remove it");
        }
        for (String line : lines.subList(1, lines.size())) before.add(parsed(line));
    }

    private Row parsed(String line) {
        try {
            return mapper.readValue(line, Row.class);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("--rows: " + file + " has a line that is no row: " + e.getMessage(), e);
        }
    }

    /** The one of the greatest rate, which is the first. */
    Optional<Row> of(String name) {
        return before.stream().filter(r -> r.name().equals(name)).findFirst();
    }

    Optional<Row> of(String name, double rate, int seed) {
        return before.stream()
                .filter(r -> r.name().equals(name) && r.rate() == rate && r.seed() == seed)
                .findFirst();
    }

    void add(Row row) throws IOException {
        if (file == null) return;
        Files.writeString(file, mapper.writeValueAsString(row) + "\n", StandardOpenOption.APPEND);
    }
}
