// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;

/**
 * What every eviction is told: how much to keep, how often to forget, and what is kept whatever it says.
 *
 * @param tokens kept
 * @param every  tokens between two places where it forgets, so the most it holds beyond these; 0: ends of prompts only
 * @param sinks  the first tokens of the sequence, kept always
 * @param recent the last tokens, kept always
 */
public record Budget(int tokens, int every, int sinks, int recent) {
    private static final int MOST = 1 << 24;

    /** @param every how often, unless the caller says */
    static Budget of(String member, Args args, int every, int sinks, int recent) {
        Budget budget = new Budget(
                args.intOf("budget", 512),
                args.intOf("every", every),
                args.intOf("sinks", sinks),
                args.intOf("recent", recent));
        if (budget.tokens < 1
                || budget.tokens > MOST
                || budget.every < 0
                || budget.every > MOST
                || budget.sinks < 0
                || budget.recent < 0
                || (long) budget.sinks + budget.recent > budget.tokens) {
            throw new IllegalArgumentException("kv eviction " + member + ": budget=" + budget.tokens + ", every="
                    + budget.every + ", sinks=" + budget.sinks + ", recent=" + budget.recent + ", allowed: budget 1 to "
                    + MOST + ", every 0 to " + MOST + ", sinks and recent 0 or more and together at most the budget");
        }
        return budget;
    }

    /** Has the first and the last tokens matter more than any. */
    public void protect(KvSlots slots, float[] importance) {
        for (int s = 0; s < slots.count(); s++) {
            int position = slots.position(s);
            if (position < sinks || position >= slots.tokens() - recent) importance[s] = Float.POSITIVE_INFINITY;
        }
    }

    @Override
    public String toString() {
        return "budget=" + tokens + ",every=" + every + ",sinks=" + sinks + ",recent=" + recent;
    }
}
