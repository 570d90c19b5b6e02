// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Natural logarithms of probabilities, from logits as the model gave them. In double, so a perplexity adds no error. */
public final class LogSoftmax {
    private LogSoftmax() {}

    /** log(sum(exp(row))). NaN if a logit is NaN. */
    public static double logSumExp(MemorySegment row, int vocabulary) {
        float greatest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < vocabulary; i++) greatest = Math.max(greatest, Floats.get(row, i));
        if (greatest == Float.NEGATIVE_INFINITY || Float.isNaN(greatest)) return greatest;
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) sum += Math.exp((double) Floats.get(row, i) - greatest);
        return greatest + Math.log(sum);
    }

    /** The {@code count} greatest logits' tokens, greatest first, lower ids first where equal. NaN is never among them. */
    public static int[] best(MemorySegment row, int vocabulary, int count) {
        int[] best = new int[Math.min(count, vocabulary)];
        int found = 0;
        for (int token = 0; token < vocabulary && best.length > 0; token++) {
            float logit = Floats.get(row, token);
            if (Float.isNaN(logit) || (found == best.length && logit <= Floats.get(row, best[found - 1]))) continue;
            int at = found < best.length ? found++ : found - 1;
            for (; at > 0 && Floats.get(row, best[at - 1]) < logit; at--) best[at] = best[at - 1];
            best[at] = token;
        }
        return found == best.length ? best : Arrays.copyOf(best, found);
    }
}
