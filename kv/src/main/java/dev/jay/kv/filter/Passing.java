// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.filter;

import dev.jay.tensor.Args;
import java.util.Arrays;

/**
 * What every filter is told.
 *
 * @param tokens that pass
 * @param sinks  the first tokens of the prompt, which pass always
 * @param recent the last ones, which pass always
 */
public record Passing(int tokens, int sinks, int recent) {
    private static final int MOST = 1 << 24;

    static Passing of(String member, Args args) {
        Passing passing = new Passing(args.intOf("budget", 512), args.intOf("sinks", 4), args.intOf("recent", 32));
        if (passing.tokens < 1
                || passing.tokens > MOST
                || passing.sinks < 0
                || passing.recent < 1
                || (long) passing.sinks + passing.recent > passing.tokens) {
            throw new IllegalArgumentException("kv filter " + member + ": budget=" + passing.tokens + ", sinks="
                    + passing.sinks + ", recent=" + passing.recent + ", allowed: budget 1 to " + MOST
                    + ", sinks 0 or more, recent 1 or more, together at most the budget");
        }
        return passing;
    }

    /** The places that pass, in order, where there are more than do. */
    public int[] best(float[] importance) {
        long[] order = new long[importance.length];
        for (int t = 0; t < order.length; t++) {
            boolean always = t < sinks || t >= order.length - recent;
            float matters = Float.isNaN(importance[t]) ? Float.NEGATIVE_INFINITY : importance[t] + 0f;
            int bits = Float.floatToRawIntBits(always ? Float.POSITIVE_INFINITY : matters);
            order[t] = (long) (bits ^ bits >> 31 & 0x7FFFFFFF) << 32 | t; // in the order of the numbers themselves
        }
        Arrays.sort(order);
        int[] best = new int[tokens];
        for (int i = 0; i < tokens; i++) best[i] = (int) order[order.length - tokens + i];
        Arrays.sort(best);
        return best;
    }

    @Override
    public String toString() {
        return "budget=" + tokens + ",sinks=" + sinks + ",recent=" + recent;
    }
}
