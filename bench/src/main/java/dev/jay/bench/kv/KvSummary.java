// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/** What all rows of one recipe and seed say together. Means take no quality for more than 1. */
record KvSummary(String recipe, List<KvRow> rows) {
    /** One for each recipe, in the order of their first rows. */
    static List<KvSummary> of(List<KvRow> rows) {
        Map<String, List<KvRow>> by = new LinkedHashMap<>();
        for (KvRow row : rows)
            by.computeIfAbsent(row.recipe(), _ -> new ArrayList<>()).add(row);
        return by.entrySet().stream()
                .map(e -> new KvSummary(e.getKey(), List.copyOf(e.getValue())))
                .toList();
    }

    KvRow any() {
        return rows.getFirst();
    }

    private OptionalDouble mean(Predicate<KvRow> which) {
        return rows.stream()
                .filter(KvRow::counts)
                .filter(which)
                .mapToDouble(KvRow::counted)
                .average();
    }

    /** Of the tasks that f16 can do. */
    OptionalDouble recall() {
        return mean(row -> !row.isText());
    }

    OptionalDouble recall(String mode) {
        return mean(row -> !row.isText() && row.mode().equals(mode));
    }

    /** Points of a hundred that a task was answered in a mode, whatever f16 does. */
    OptionalDouble points(String mode, Predicate<String> tasks) {
        return rows.stream()
                .filter(row -> !row.isText() && row.counts() && row.mode().equals(mode) && tasks.test(row.task()))
                .mapToDouble(row -> 100 * row.score())
                .average();
    }

    OptionalDouble perplexity() {
        return mean(KvRow::isText);
    }

    /** By which recipes are chosen: the mean of recall and perplexity, or the one that there is; NaN for none. */
    double quality() {
        OptionalDouble recall = recall();
        OptionalDouble text = perplexity();
        if (recall.isEmpty()) return text.orElse(Double.NaN);
        return text.isEmpty() ? recall.getAsDouble() : (recall.getAsDouble() + text.getAsDouble()) / 2;
    }

    /** The worst of all that counts. */
    double worst() {
        return rows.stream()
                .filter(KvRow::counts)
                .mapToDouble(KvRow::quality)
                .min()
                .orElse(Double.NaN);
    }

    /** What of several it is that matters most: quality, of equal ones the fewer bytes. */
    static final Comparator<KvSummary> BEST = Comparator.comparingDouble(KvSummary::quality)
            .thenComparing(
                    Comparator.comparingLong((KvSummary s) -> s.any().kept()).reversed());
}
