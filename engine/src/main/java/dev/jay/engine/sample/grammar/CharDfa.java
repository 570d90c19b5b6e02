// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Which texts are allowed, as a deterministic automaton over characters: a table [state][class of characters]. Every
 * state lies on a way to an allowed text. A text is checked in a step a character, whatever the expression was:
 * nothing is tried and taken back. Immutable.
 */
final class CharDfa {
    private static final int MOST_CELLS = 2_000_000;
    private static final int MOST_STATES = 50_000;
    private static final int MOST_MERGING = 1_000_000; // cells looked at; what is larger stays as it is

    /** Any text. */
    static final CharDfa ANY =
            new CharDfa(new int[] {0}, new int[] {0}, new int[][] {{0}}, new boolean[] {true}).trimmed();

    private final int[] cuts; // where a run of characters of one class begins; the first is 0
    private final int[] classes; // of each run
    private final int[][] next; // -1: no allowed text goes on so
    private final boolean[] ends;

    private CharDfa(int[] cuts, int[] classes, int[][] next, boolean[] ends) {
        this.cuts = cuts;
        this.classes = classes;
        this.next = next;
        this.ends = ends;
    }

    /** @param anywhere whether a text need only contain a match */
    static CharDfa of(Regex regex, boolean anywhere) {
        return determinized(new CharNfa(regex, anywhere));
    }

    static CharDfa ofTexts(Iterable<String> texts) {
        List<Regex> all = new ArrayList<>();
        for (String text : texts) all.add(Regex.literal(text));
        return of(new Regex.Either(all), false);
    }

    /** Texts of this many characters. @param most -1: without end */
    static CharDfa ofLengths(int least, int most) {
        int states = (most < 0 ? least : most) + 1;
        tooMany(states, 1);
        int[][] next = new int[states][1];
        boolean[] ends = new boolean[states];
        for (int i = 0; i < states; i++) {
            next[i][0] = i + 1 < states ? i + 1 : most < 0 ? i : -1;
            ends[i] = i >= least;
        }
        return new CharDfa(new int[] {0}, new int[] {0}, next, ends).trimmed();
    }

    /** An automaton given by its steps. {@code S} must have equals and hashCode. */
    interface Machine<S> {
        S first();

        /** Null where no allowed text goes on so. */
        S next(S state, int character);

        boolean ends(S state);
    }

    /** Texts of these ASCII characters that a machine allows. */
    static <S> CharDfa of(Machine<S> machine, String characters) {
        int[] cuts = new int[129];
        int[] classes = new int[129];
        for (int c = 0; c <= 128; c++) {
            cuts[c] = c;
            classes[c] = characters.indexOf(c) + 1; // 0: none of them
        }
        Map<S, Integer> ids = new HashMap<>();
        List<S> order = new ArrayList<>();
        List<int[]> table = new ArrayList<>();
        ids.put(machine.first(), 0);
        order.add(machine.first());
        for (int i = 0; i < order.size(); i++) {
            int[] row = new int[characters.length() + 1];
            Arrays.fill(row, -1);
            for (int c = 0; c < characters.length(); c++) {
                S to = machine.next(order.get(i), characters.charAt(c));
                if (to == null) continue;
                row[c + 1] = ids.computeIfAbsent(to, _ -> {
                    order.add(to);
                    return order.size() - 1;
                });
            }
            table.add(row);
            tooMany(order.size(), row.length);
        }
        boolean[] accepting = new boolean[order.size()];
        for (int i = 0; i < accepting.length; i++) accepting[i] = machine.ends(order.get(i));
        return new CharDfa(cuts, classes, table.toArray(int[][]::new), accepting)
                .trimmed()
                .merged();
    }

    private static CharDfa determinized(CharNfa nfa) {
        List<CodePoints> sets = new ArrayList<>();
        Map<CodePoints, Integer> ids = new LinkedHashMap<>();
        for (int s = 0; s < nfa.states(); s++) {
            if (nfa.set(s) != null && ids.putIfAbsent(nfa.set(s), ids.size()) == null) sets.add(nfa.set(s));
        }
        Alphabet alphabet = Alphabet.of(sets);
        Map<List<Integer>, Integer> states = new HashMap<>();
        List<int[]> order = new ArrayList<>();
        List<int[]> table = new ArrayList<>();
        int[] first = nfa.closure(nfa.first(), true, false);
        states.put(Arrays.stream(first).boxed().toList(), 0);
        order.add(first);
        List<Boolean> ends = new ArrayList<>();
        long work = 0;
        for (int i = 0; i < order.size(); i++) {
            int[] from = order.get(i);
            ends.add(nfa.isEnd(nfa.closure(from, i == 0, true)));
            int[] row = new int[alphabet.count()];
            for (int c = 0; c < row.length; c++) {
                BitSet to = new BitSet();
                for (int s : from) {
                    if (nfa.set(s) != null && alphabet.has(c, ids.get(nfa.set(s)))) to.set(nfa.target(s));
                }
                work += from.length;
                int[] closed = to.isEmpty() ? null : nfa.closure(to.stream().toArray(), false, false);
                row[c] = closed == null
                        ? -1
                        : states.computeIfAbsent(Arrays.stream(closed).boxed().toList(), _ -> {
                            order.add(closed);
                            return order.size() - 1;
                        });
            }
            table.add(row);
            tooMany(order.size(), alphabet.count());
            if (work > 50L * MOST_CELLS) throw tooLarge();
        }
        boolean[] accepting = new boolean[ends.size()];
        for (int i = 0; i < accepting.length; i++) accepting[i] = ends.get(i);
        return new CharDfa(alphabet.cuts(), alphabet.classes(), table.toArray(int[][]::new), accepting)
                .trimmed()
                .merged();
    }

    private static void tooMany(int states, int classes) {
        if (states > MOST_STATES || (long) states * classes > MOST_CELLS) throw tooLarge();
    }

    private static GrammarException tooLarge() {
        return new GrammarException("needs an automaton of more than " + MOST_STATES + " states or " + MOST_CELLS
                + " transitions; make its counts smaller or the expression simpler");
    }

    /** Texts that both allow. */
    CharDfa and(CharDfa other) {
        TreeSet<Integer> all = new TreeSet<>();
        for (int c : cuts) all.add(c);
        for (int c : other.cuts) all.add(c);
        int[] both = all.stream().mapToInt(i -> i).toArray();
        int[] of = new int[both.length];
        Map<Long, Integer> pairs = new HashMap<>();
        List<int[]> columns = new ArrayList<>();
        for (int i = 0; i < both.length; i++) {
            int a = classOf(both[i]);
            int b = other.classOf(both[i]);
            of[i] = pairs.computeIfAbsent((long) a << 32 | b, _ -> {
                columns.add(new int[] {a, b});
                return columns.size() - 1;
            });
        }
        Map<Long, Integer> ids = new HashMap<>();
        List<int[]> order = new ArrayList<>();
        List<int[]> table = new ArrayList<>();
        ids.put(0L, 0);
        order.add(new int[] {0, 0});
        for (int i = 0; i < order.size(); i++) {
            int[] from = order.get(i);
            int[] row = new int[columns.size()];
            for (int c = 0; c < row.length; c++) {
                int a = next[from[0]][columns.get(c)[0]];
                int b = other.next[from[1]][columns.get(c)[1]];
                row[c] = a < 0 || b < 0
                        ? -1
                        : ids.computeIfAbsent((long) a << 32 | b, _ -> {
                            order.add(new int[] {a, b});
                            return order.size() - 1;
                        });
            }
            table.add(row);
            tooMany(order.size(), columns.size());
        }
        boolean[] accepting = new boolean[order.size()];
        for (int i = 0; i < accepting.length; i++) accepting[i] = ends[order.get(i)[0]] && other.ends[order.get(i)[1]];
        return new CharDfa(both, of, table.toArray(int[][]::new), accepting)
                .trimmed()
                .merged();
    }

    /** Texts that this does not allow. */
    CharDfa not() {
        int n = next.length;
        int[][] all = new int[n + 1][];
        boolean[] accepting = new boolean[n + 1];
        for (int s = 0; s < n; s++) {
            all[s] = next[s].clone();
            for (int c = 0; c < all[s].length; c++) if (all[s][c] < 0) all[s][c] = n;
            accepting[s] = !ends[s];
        }
        all[n] = new int[all[0].length];
        Arrays.fill(all[n], n);
        accepting[n] = true;
        return new CharDfa(cuts, classes, all, accepting).trimmed().merged();
    }

    /** Without the states that lead nowhere; the first stays. Changes the table. */
    private CharDfa trimmed() {
        int n = next.length;
        List<List<Integer>> before = new ArrayList<>();
        for (int s = 0; s < n; s++) before.add(new ArrayList<>(2));
        for (int s = 0; s < n; s++) {
            int last = -1;
            for (int t : next[s]) {
                if (t >= 0 && t != last) before.get(t).add(s);
                last = t;
            }
        }
        BitSet live = new BitSet();
        ArrayDeque<Integer> left = new ArrayDeque<>();
        for (int s = 0; s < n; s++) if (ends[s]) left.add(s);
        while (!left.isEmpty()) {
            int s = left.poll();
            if (live.get(s)) continue;
            live.set(s);
            left.addAll(before.get(s));
        }
        for (int[] row : next) {
            for (int c = 0; c < row.length; c++) if (row[c] >= 0 && !live.get(row[c])) row[c] = -1;
        }
        return this;
    }

    /** With states that no text tells apart made one (Moore), and only those that can be reached. */
    private CharDfa merged() {
        int n = next.length;
        int[] group = new int[n];
        for (int s = 0; s < n; s++) group[s] = ends[s] ? 1 : 0;
        int groups = 2;
        for (long work = 0; work < MOST_MERGING; work += (long) n * next[0].length) {
            Map<List<Integer>, Integer> split = new HashMap<>();
            int[] finer = new int[n];
            for (int s = 0; s < n; s++) {
                List<Integer> seen = new ArrayList<>(next[s].length + 1);
                seen.add(group[s]);
                for (int t : next[s]) seen.add(t < 0 ? -1 : group[t]);
                finer[s] = split.computeIfAbsent(seen, _ -> split.size());
            }
            group = finer;
            if (split.size() == groups) break;
            groups = split.size();
        }
        return stable(group) ? quotient(group) : this;
    }

    private boolean stable(int[] group) {
        Map<Integer, Integer> first = new HashMap<>();
        for (int s = 0; s < next.length; s++) {
            int like = first.computeIfAbsent(group[s], _ -> -1);
            if (like < 0) {
                first.put(group[s], s);
                continue;
            }
            for (int c = 0; c < next[s].length; c++) {
                int a = next[s][c];
                int b = next[like][c];
                if ((a < 0) != (b < 0) || (a >= 0 && group[a] != group[b])) return false;
            }
        }
        return true;
    }

    private CharDfa quotient(int[] group) {
        Map<Integer, Integer> ids = new HashMap<>();
        List<Integer> like = new ArrayList<>();
        ids.put(group[0], 0);
        like.add(0);
        List<int[]> table = new ArrayList<>();
        for (int i = 0; i < like.size(); i++) {
            int[] row = next[like.get(i)].clone();
            for (int c = 0; c < row.length; c++) {
                if (row[c] < 0) continue;
                int to = row[c];
                row[c] = ids.computeIfAbsent(group[to], _ -> {
                    like.add(to);
                    return like.size() - 1;
                });
            }
            table.add(row);
        }
        boolean[] accepting = new boolean[like.size()];
        for (int i = 0; i < accepting.length; i++) accepting[i] = ends[like.get(i)];
        return new CharDfa(cuts, classes, table.toArray(int[][]::new), accepting);
    }

    private int classOf(int c) {
        int at = Arrays.binarySearch(cuts, c);
        return classes[at >= 0 ? at : -at - 2];
    }

    boolean allows(String text) {
        int s = 0;
        for (int i = 0; i < text.length() && s >= 0; i += Character.charCount(text.codePointAt(i))) {
            int c = text.codePointAt(i);
            s = c >= 0xD800 && c <= 0xDFFF ? -1 : next[s][classOf(c)];
        }
        return s >= 0 && ends[s];
    }

    boolean isEmpty() {
        if (ends[0]) return false;
        for (int t : next[0]) if (t >= 0) return false;
        return true;
    }

    int states() {
        return next.length;
    }

    boolean ends(int state) {
        return ends[state];
    }

    /** The characters that lead from a state to each of its next ones. */
    Map<Integer, CodePoints> steps(int state) {
        Map<Integer, List<Integer>> bounds = new LinkedHashMap<>();
        for (int i = 0; i < cuts.length; i++) {
            int to = next[state][classes[i]];
            if (to < 0) continue;
            List<Integer> list = bounds.computeIfAbsent(to, _ -> new ArrayList<>());
            list.add(cuts[i]);
            list.add(i + 1 < cuts.length ? cuts[i + 1] - 1 : CodePoints.LAST);
        }
        Map<Integer, CodePoints> steps = new LinkedHashMap<>();
        bounds.forEach((to, list) ->
                steps.put(to, CodePoints.of(list.stream().mapToInt(i -> i).toArray())));
        return steps;
    }
}
