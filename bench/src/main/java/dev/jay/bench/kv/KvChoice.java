// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which recipe is taken for a budget, by the answers to one seed; the answers to another say what it is worth. */
final class KvChoice {
    private KvChoice() {}

    /** The best that keeps no more than a budget, for every budget that some recipe fits. */
    static Map<Double, KvSummary> of(List<KvSummary> summaries, List<Double> budgets) {
        Map<Double, KvSummary> best = new LinkedHashMap<>();
        for (double percent : budgets) {
            summaries.stream()
                    .filter(s ->
                            Double.isFinite(s.quality()) && KvJudge.fits(s.any().keptShare(), percent))
                    .max(KvSummary.BEST)
                    .ifPresent(s -> best.put(percent, s));
        }
        return best;
    }

    /** From few bytes to many, each better than all before it. */
    static List<KvSummary> front(List<KvSummary> summaries) {
        List<KvSummary> sorted = summaries.stream()
                .filter(s -> Double.isFinite(s.quality()))
                .sorted(Comparator.comparingLong((KvSummary s) -> s.any().kept())
                        .thenComparing(
                                Comparator.comparingDouble(KvSummary::quality).reversed()))
                .toList();
        List<KvSummary> front = new ArrayList<>();
        for (KvSummary s : sorted) {
            if (front.isEmpty() || s.quality() > front.getLast().quality()) front.add(s);
        }
        return front;
    }
}
