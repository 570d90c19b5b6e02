// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Quality over bytes, a curve for each way of keeping keys and values whatever its budget, and the area under it: methods
 * are compared at equal total bytes only (row 14). The area is quality meaned over all budgets from 6 to 100 % of f16's
 * bytes, each doubling of bytes worth as much as the next; at a budget a method has the quality of the best that it has
 * within it, none where all it has is larger.
 *
 * @param method the recipe without its numbers of tokens
 */
record KvCurves(String method, List<KvSummary> points) {
    private static final double LEAST = 0.06;
    private static final int STEPS = 256;

    /** The largest areas first. */
    static List<KvCurves> of(List<KvSummary> summaries) {
        Map<String, List<KvSummary>> by = new LinkedHashMap<>();
        for (KvSummary s : summaries) {
            if (Double.isFinite(s.quality())) {
                by.computeIfAbsent(method(s.recipe()), _ -> new ArrayList<>()).add(s);
            }
        }
        List<KvCurves> curves = new ArrayList<>();
        by.forEach((method, its) -> curves.add(new KvCurves(method, List.copyOf(its))));
        curves.sort(Comparator.comparingDouble((KvCurves curve) -> curve.area()).reversed());
        return curves;
    }

    /** How a recipe keeps, whatever it keeps of it. */
    static String method(String recipe) {
        return recipe.replaceAll("\\((budget|whole)=[0-9]+[^)]*\\)", "");
    }

    /** By the bytes that are kept when an answer begins. */
    double area() {
        return area(KvRow::keptShare);
    }

    /** By the bytes at most, while the prompt runs too. */
    double peakArea() {
        return area(KvRow::share);
    }

    private double area(ToDoubleFunction<KvRow> share) {
        double sum = 0;
        for (int i = 0; i < STEPS; i++) {
            double budget = Math.pow(LEAST, 1 - (i + 1.0) / STEPS);
            double best = 0;
            for (KvSummary point : points) {
                if (share.applyAsDouble(point.any()) <= budget) best = Math.max(best, point.quality());
            }
            sum += best;
        }
        return sum / STEPS;
    }
}
