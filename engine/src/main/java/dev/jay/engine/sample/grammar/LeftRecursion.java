// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Finds a rule that can begin with itself before any text: such a one would never come to a byte. */
final class LeftRecursion {
    private final NetworkBuilder from;
    private final List<List<NetworkBuilder.Step>> steps;
    private final List<Boolean> ends;
    private final int[] starts;
    private final boolean[] used;

    LeftRecursion(
            NetworkBuilder from,
            List<List<NetworkBuilder.Step>> steps,
            List<Boolean> ends,
            int[] starts,
            boolean[] used) {
        this.from = from;
        this.steps = steps;
        this.ends = ends;
        this.starts = starts;
        this.used = used;
    }

    /** @throws GrammarException naming the rule */
    void refuse() {
        BitSet empty = empty();
        List<BitSet> begins = new ArrayList<>();
        for (int rule = 0; rule < starts.length; rule++) begins.add(used[rule] ? begins(rule, empty) : new BitSet());
        int[] color = new int[starts.length]; // 1: on the way, 2: done
        for (int rule = 0; rule < starts.length; rule++) {
            if (color[rule] == 0) walk(rule, begins, color);
        }
    }

    private void walk(int first, List<BitSet> begins, int[] color) {
        ArrayDeque<int[]> way = new ArrayDeque<>();
        way.push(new int[] {first, 0});
        color[first] = 1;
        while (!way.isEmpty()) {
            int[] top = way.peek();
            int next = begins.get(top[0]).nextSetBit(top[1]);
            if (next < 0) {
                color[top[0]] = 2;
                way.pop();
                continue;
            }
            top[1] = next + 1;
            if (color[next] == 1) {
                throw new GrammarException("grammar: " + from.rules().get(next).name()
                        + " begins with itself (left recursion), directly or by other rules");
            }
            if (color[next] == 2) continue;
            color[next] = 1;
            way.push(new int[] {next, 0});
        }
    }

    /** Rules that may stand for no text. */
    private BitSet empty() {
        BitSet empty = new BitSet();
        for (boolean changed = true; changed; ) {
            changed = false;
            for (int rule = 0; rule < starts.length; rule++) {
                if (!used[rule] || empty.get(rule)) continue;
                BitSet reached = reached(rule, empty);
                if (reached.stream().anyMatch(ends::get)) {
                    empty.set(rule);
                    changed = true;
                }
            }
        }
        return empty;
    }

    /** States of a rule that can be reached before any text. */
    private BitSet reached(int rule, BitSet empty) {
        BitSet seen = new BitSet();
        ArrayDeque<Integer> left = new ArrayDeque<>(List.of(starts[rule]));
        while (!left.isEmpty()) {
            int s = left.poll();
            if (seen.get(s)) continue;
            seen.set(s);
            for (NetworkBuilder.Step step : steps.get(s)) {
                if (step.rule() >= 0 && empty.get(step.rule())) left.add(step.to());
            }
        }
        return seen;
    }

    private BitSet begins(int rule, BitSet empty) {
        BitSet begins = new BitSet();
        reached(rule, empty).stream().forEach(s -> {
            for (NetworkBuilder.Step step : steps.get(s)) if (step.rule() >= 0) begins.set(step.rule());
        });
        return begins;
    }
}
