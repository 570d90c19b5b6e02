// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;

/** A set of Unicode scalar values, as sorted ranges that do not touch. Surrogates are in none: UTF-8 has no way to write them. */
final class CodePoints {
    static final int LAST = 0x10FFFF;
    static final CodePoints NONE = new CodePoints(new int[0]);
    static final CodePoints ALL = of(0, LAST);
    /** What a dot leaves out, as ECMA-262 says. */
    static final CodePoints LINE_ENDS = of('\n', '\n', '\r', '\r', 0x2028, 0x2029);

    private static final int FIRST_SURROGATE = 0xD800;
    private static final int LAST_SURROGATE = 0xDFFF;

    private final int[] bounds; // first, last, first, last...

    private CodePoints(int[] bounds) {
        this.bounds = bounds;
    }

    /** @param bounds first and last of each range, in any order, inclusive */
    static CodePoints of(int... bounds) {
        List<int[]> ranges = new ArrayList<>();
        for (int i = 0; i < bounds.length; i += 2) {
            int from = bounds[i];
            int to = Math.min(LAST, bounds[i + 1]);
            if (from <= Math.min(to, FIRST_SURROGATE - 1)) {
                ranges.add(new int[] {from, Math.min(to, FIRST_SURROGATE - 1)});
            }
            if (Math.max(from, LAST_SURROGATE + 1) <= to) {
                ranges.add(new int[] {Math.max(from, LAST_SURROGATE + 1), to});
            }
        }
        ranges.sort(Comparator.comparingInt(r -> r[0]));
        int[] merged = new int[2 * ranges.size()];
        int n = 0;
        for (int[] range : ranges) {
            if (n > 0 && range[0] <= merged[n - 1] + 1) {
                merged[n - 1] = Math.max(merged[n - 1], range[1]);
            } else {
                merged[n++] = range[0];
                merged[n++] = range[1];
            }
        }
        return new CodePoints(Arrays.copyOf(merged, n));
    }

    static CodePoints where(IntPredicate holds) {
        List<Integer> found = new ArrayList<>();
        for (int c = 0; c <= LAST; c++) {
            if (!holds.test(c)) continue;
            int from = c;
            while (c < LAST && holds.test(c + 1)) c++;
            found.add(from);
            found.add(c);
        }
        return of(found.stream().mapToInt(i -> i).toArray());
    }

    CodePoints or(CodePoints other) {
        int[] all = Arrays.copyOf(bounds, bounds.length + other.bounds.length);
        System.arraycopy(other.bounds, 0, all, bounds.length, other.bounds.length);
        return of(all);
    }

    CodePoints not() {
        int[] gaps = new int[bounds.length + 2];
        int n = 0;
        int next = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            if (bounds[i] > next) {
                gaps[n++] = next;
                gaps[n++] = bounds[i] - 1;
            }
            next = bounds[i + 1] + 1;
        }
        if (next <= LAST) {
            gaps[n++] = next;
            gaps[n++] = LAST;
        }
        return of(Arrays.copyOf(gaps, n));
    }

    CodePoints and(CodePoints other) {
        return not().or(other.not()).not();
    }

    boolean has(int codePoint) {
        int at = Arrays.binarySearch(bounds, codePoint);
        return at >= 0 || (-at - 1) % 2 == 1;
    }

    boolean isEmpty() {
        return bounds.length == 0;
    }

    /** First, last, first, last... Not to be written. */
    int[] bounds() {
        return bounds;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof CodePoints other && Arrays.equals(bounds, other.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    @Override
    public String toString() {
        return Arrays.toString(bounds);
    }
}
