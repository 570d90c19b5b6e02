// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What every eviction is told: how much to keep, how often to forget, and what is kept whatever it says.
 *
 * @param tokens kept
 * @param every  tokens between two places where it forgets, so the most it holds beyond these; 0: ends of prompts only
 * @param sinks  the first tokens of the sequence, kept always
 * @param recent the last tokens, kept always
 * @param whole  KV heads that forget nothing, in order; null: all heads of a layer keep the same number of tokens. Where it
 *     is not null, even if it is empty, each head has pages of its own
 */
public record Budget(int tokens, int every, int sinks, int recent, List<Integer> whole) {
    private static final int MOST = 1 << 24;

    /** @param every how often, unless the caller says */
    static Budget of(String member, Args args, int every, int sinks, int recent) {
        Budget budget = new Budget(
                args.intOf("budget", 512),
                args.intOf("every", every),
                args.intOf("sinks", sinks),
                args.intOf("recent", recent),
                wholeHeads(member, args));
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

    private static List<Integer> wholeHeads(String member, Args args) {
        if (!args.has("whole")) return null;
        int[] heads = args.intsOf("whole");
        List<Integer> inOrder = Arrays.stream(heads).boxed().sorted().distinct().toList();
        if (inOrder.size() < heads.length || (!inOrder.isEmpty() && inOrder.getFirst() < 0)) {
            throw new IllegalArgumentException("kv eviction " + member + ": whole=" + Arrays.toString(heads)
                    + ", allowed: KV heads of a layer from 0 on, each once, or none");
        }
        return inOrder;
    }

    /** Whether KV heads keep each its own number of tokens. */
    public boolean isByHead() {
        return whole != null;
    }

    /** Whether a KV head forgets nothing. */
    public boolean keepsAll(int head) {
        return whole != null && whole.contains(head);
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
        return "budget=" + tokens + ",every=" + every + ",sinks=" + sinks + ",recent=" + recent
                + (whole == null ? "" : ",whole=" + heads(whole));
    }

    /** As a recipe says them. */
    public static String heads(List<Integer> whole) {
        return whole.isEmpty() ? Args.NONE : whole.stream().map(String::valueOf).collect(Collectors.joining("+"));
    }
}
