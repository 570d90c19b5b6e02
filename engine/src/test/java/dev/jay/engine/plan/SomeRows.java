// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import java.util.ArrayList;
import java.util.List;

/** Rows as a judge writes them, with figures of a test's own. */
public final class SomeRows {
    public static final String FOUR = "keys=per-channel(bits=4) values=per-token(bits=4)";
    public static final String TWO = "keys=per-channel(bits=2) values=per-token(bits=2)";
    public static final String WINDOW = "keys=f16 values=f16 evict=window(budget=64,recent=8,sinks=4)";
    public static final int CONTEXT = 256;

    private SomeRows() {}

    /** One answer. */
    public static JudgedRow row(String recipe, String task, String mode, double quality) {
        return new JudgedRow(recipe, task, mode, CONTEXT, 50, 59, quality, 1000, 800, 4000, 0.9, 0.8);
    }

    /** A recipe's answers to all that is asked here, its quality on the second turn. */
    public static List<JudgedRow> rows(String recipe, double quality) {
        return List.of(
                row(recipe, Judgement.PERPLEXITY, "text", 0.999),
                row(recipe, "needle", "single", 1.02),
                row(recipe, "needle", "turn-2", quality));
    }

    /** Of these recipes and qualities in turn. */
    public static Judgement judgement(String print, Object... recipesAndQualities) {
        List<JudgedRow> all = new ArrayList<>();
        for (int i = 0; i < recipesAndQualities.length; i += 2) {
            all.addAll(rows((String) recipesAndQualities[i], (Double) recipesAndQualities[i + 1]));
        }
        return new Judgement(print, "judged.gguf", all);
    }
}
