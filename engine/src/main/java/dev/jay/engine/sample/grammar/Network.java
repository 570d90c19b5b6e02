// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

/**
 * A grammar made ready: for each rule a deterministic graph, whose steps take a byte or a whole rule. Every state lies
 * on a way to an allowed text, and no rule begins with itself. States are numbered through all rules. Immutable.
 *
 * @param classOf   which class each of the 256 bytes is in: bytes of a class lead to the same places everywhere
 * @param classes   how many there are
 * @param bytes     for each state its steps by byte: class, target, class, target..., by class
 * @param calls     for each state its steps by rule: start of the rule, target behind it...
 * @param ends      whether a rule may end here
 * @param ruleOf    of each state
 * @param root      where the grammar begins
 */
record Network(int[] classOf, int classes, int[][] bytes, int[][] calls, boolean[] ends, int[] ruleOf, int root) {
    int states() {
        return ends.length;
    }

    /** Where a byte of this class leads; -1: nowhere. */
    int step(int state, int byteClass) {
        int[] steps = bytes[state];
        int low = 0;
        int high = steps.length / 2 - 1;
        while (low <= high) {
            int mid = (low + high) >>> 1;
            int there = steps[2 * mid];
            if (there == byteClass) return steps[2 * mid + 1];
            if (there < byteClass) low = mid + 1;
            else high = mid - 1;
        }
        return -1;
    }

    /** Nothing can follow here within its rule. */
    boolean isLast(int state) {
        return bytes[state].length == 0 && calls[state].length == 0;
    }

    /** About how much of the heap it takes. */
    long heapBytes() {
        long all = 1024 + 8L * states();
        for (int s = 0; s < states(); s++) all += 48 + 4L * (bytes[s].length + calls[s].length);
        return all;
    }
}
