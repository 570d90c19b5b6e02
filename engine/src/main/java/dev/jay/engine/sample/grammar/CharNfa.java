// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** A regular expression as a nondeterministic automaton over characters. Built once, then only read. */
final class CharNfa {
    private static final int MOST_STATES = 100_000;

    /** Where a step of the text leads; one a state at most. */
    private final List<CodePoints> sets = new ArrayList<>(); // null: no step

    private final List<Integer> targets = new ArrayList<>();
    private final List<int[]> free = new ArrayList<>(); // steps that take no text
    private final List<int[]> atBegin = new ArrayList<>(); // such, but at the beginning only
    private final List<int[]> atEnd = new ArrayList<>();
    private final int start;
    private final int end;

    /** @param anywhere whether the text need only contain a match, as {@code pattern} has it */
    CharNfa(Regex regex, boolean anywhere) {
        start = state();
        end = state();
        if (anywhere) {
            step(start, CodePoints.ALL, start);
            step(end, CodePoints.ALL, end);
            int from = state();
            int to = state();
            link(free, start, from);
            link(free, to, end);
            add(regex, from, to);
        } else {
            add(regex, start, end);
        }
    }

    private int state() {
        if (sets.size() >= MOST_STATES) {
            throw new GrammarException("regex: needs more than " + MOST_STATES + " states: its counts are too large");
        }
        sets.add(null);
        targets.add(-1);
        free.add(null);
        atBegin.add(null);
        atEnd.add(null);
        return sets.size() - 1;
    }

    private void step(int from, CodePoints set, int to) {
        sets.set(from, set);
        targets.set(from, to);
    }

    private static void link(List<int[]> links, int from, int to) {
        int[] old = links.get(from);
        int[] more = old == null ? new int[1] : Arrays.copyOf(old, old.length + 1);
        more[more.length - 1] = to;
        links.set(from, more);
    }

    private void add(Regex regex, int from, int to) {
        switch (regex) {
            case Regex.One one -> {
                int at = state();
                link(free, from, at);
                step(at, one.set(), to);
            }
            case Regex.Sequence sequence -> {
                int at = from;
                for (Regex part : sequence.parts()) {
                    int next = state();
                    add(part, at, next);
                    at = next;
                }
                link(free, at, to);
            }
            case Regex.Either either -> either.choices().forEach(choice -> add(choice, from, to));
            case Regex.Repeat repeat -> addRepeat(repeat, from, to);
            case Regex.Begin _ -> link(atBegin, from, to);
            case Regex.End _ -> link(atEnd, from, to);
        }
    }

    private void addRepeat(Regex.Repeat repeat, int from, int to) {
        int at = from;
        for (int i = 0; i < repeat.least(); i++) at = once(repeat.part(), at);
        if (repeat.most() < 0) {
            int loop = state();
            link(free, at, loop);
            link(free, loop, to);
            add(repeat.part(), loop, loop);
            return;
        }
        for (int i = repeat.least(); i < repeat.most(); i++) {
            link(free, at, to);
            at = once(repeat.part(), at);
        }
        link(free, at, to);
    }

    private int once(Regex part, int from) {
        int next = state();
        add(part, from, next);
        return next;
    }

    /** States that a text of these states can be in without another step. */
    int[] closure(int[] states, boolean begin, boolean over) {
        BitSet seen = new BitSet();
        int[] stack = states.clone();
        int n = stack.length;
        for (int s : states) seen.set(s);
        while (n > 0) {
            int s = stack[--n];
            for (int kind = 0; kind < 3; kind++) {
                int[] links = kind == 0 ? free.get(s) : kind == 1 && begin ? atBegin.get(s) : null;
                if (kind == 2 && over) links = atEnd.get(s);
                if (links == null) continue;
                for (int to : links) {
                    if (seen.get(to)) continue;
                    seen.set(to);
                    if (n == stack.length) stack = Arrays.copyOf(stack, 2 * n + 4);
                    stack[n++] = to;
                }
            }
        }
        return seen.stream().toArray();
    }

    int[] first() {
        return new int[] {start};
    }

    boolean isEnd(int[] closed) {
        return Arrays.binarySearch(closed, end) >= 0;
    }

    /** The steps out of a state: null where there is none. */
    CodePoints set(int state) {
        return sets.get(state);
    }

    int target(int state) {
        return targets.get(state);
    }

    int states() {
        return sets.size();
    }
}
