// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Makes a {@link Network} of what was written down: subset construction a rule, then what leads nowhere is taken out. */
final class NetworkMaker {
    private static final int MOST_STATES = 100_000;
    private static final long MOST_WORK = 40_000_000;
    private static final int[] NOTHING = {};

    private final NetworkBuilder from;
    private final List<List<NetworkBuilder.Step>> steps = new ArrayList<>(); // of states; a byte step has a range
    private final List<Boolean> ends = new ArrayList<>();
    private final List<Integer> ruleOf = new ArrayList<>();
    private final int[] starts;
    private final boolean[] done;
    private long work;

    NetworkMaker(NetworkBuilder from) {
        this.from = from;
        this.starts = new int[from.rules().size()];
        this.done = new boolean[from.rules().size()];
    }

    Network make() {
        ArrayDeque<Integer> left = new ArrayDeque<>(List.of(0));
        while (!left.isEmpty()) {
            int rule = left.poll();
            if (done[rule]) continue;
            done[rule] = true;
            determinize(rule, left);
        }
        BitSet live = live();
        if (!live.get(starts[0])) {
            throw new GrammarException("grammar: " + from.rules().getFirst().name() + " allows no text at all");
        }
        drop(live);
        new LeftRecursion(from, steps, ends, starts, done).refuse();
        return flat();
    }

    private void determinize(int rule, ArrayDeque<Integer> called) {
        NetworkBuilder.Rule r = from.rules().get(rule);
        Map<Subset, Integer> ids = new HashMap<>();
        List<Subset> order = new ArrayList<>();
        starts[rule] = steps.size();
        state(closure(r.start()), ids, order, rule);
        for (int i = 0; i < order.size(); i++) {
            int[] nodes = order.get(i).nodes();
            List<NetworkBuilder.Step> out = steps.get(starts[rule] + i);
            byteSteps(nodes, out, ids, order, rule);
            TreeMap<Integer, BitSet> calls = new TreeMap<>();
            for (int node : nodes) {
                for (NetworkBuilder.Step s : from.steps(node)) {
                    if (s.rule() >= 0)
                        calls.computeIfAbsent(s.rule(), _ -> new BitSet()).set(s.to());
                }
            }
            calls.forEach((callee, to) -> {
                called.add(callee);
                out.add(new NetworkBuilder.Step(
                        0, 0, callee, state(closure(to.stream().toArray()), ids, order, rule)));
            });
            ends.set(starts[rule] + i, Arrays.binarySearch(nodes, r.end()) >= 0);
        }
    }

    /** A set of nodes, sorted. */
    private record Subset(int[] nodes) {
        @Override
        public boolean equals(Object o) {
            return o instanceof Subset s && Arrays.equals(nodes, s.nodes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(nodes);
        }
    }

    private int state(int[] closed, Map<Subset, Integer> ids, List<Subset> order, int rule) {
        Subset subset = new Subset(closed);
        Integer known = ids.get(subset);
        if (known != null) return known;
        work += closed.length;
        if (steps.size() >= MOST_STATES || work > MOST_WORK) {
            throw new GrammarException("grammar: " + from.rules().get(rule).name() + " needs more than " + MOST_STATES
                    + " states; its counts, enums or alternatives are too large");
        }
        int id = steps.size();
        ids.put(subset, id);
        order.add(subset);
        steps.add(new ArrayList<>());
        ends.add(false);
        ruleOf.add(rule);
        return id;
    }

    private int[] closure(int... nodes) {
        BitSet seen = new BitSet();
        ArrayDeque<Integer> left = new ArrayDeque<>();
        for (int node : nodes) {
            seen.set(node);
            left.add(node);
        }
        while (!left.isEmpty()) {
            int[] free = from.freeSteps(left.poll());
            if (free == null) continue;
            for (int to : free) {
                if (seen.get(to)) continue;
                seen.set(to);
                left.add(to);
            }
        }
        return seen.stream().toArray();
    }

    /** Steps by disjoint ranges of bytes. */
    private void byteSteps(
            int[] nodes, List<NetworkBuilder.Step> out, Map<Subset, Integer> ids, List<Subset> order, int rule) {
        TreeSet<Integer> cuts = new TreeSet<>();
        List<NetworkBuilder.Step> all = new ArrayList<>();
        for (int node : nodes) {
            for (NetworkBuilder.Step s : from.steps(node)) {
                if (s.rule() >= 0) continue;
                all.add(s);
                cuts.add(s.low());
                cuts.add(s.high() + 1);
            }
        }
        work += (long) all.size() * cuts.size();
        Integer low = cuts.isEmpty() ? null : cuts.first();
        while (low != null && cuts.higher(low) != null) {
            int high = cuts.higher(low) - 1;
            BitSet to = new BitSet();
            for (NetworkBuilder.Step s : all) if (s.low() <= low && high <= s.high()) to.set(s.to());
            if (!to.isEmpty()) {
                int target = state(closure(to.stream().toArray()), ids, order, rule);
                out.add(new NetworkBuilder.Step(low, high, -1, target));
            }
            low = high + 1;
        }
    }

    /** States from which their rule can come to an end. */
    private BitSet live() {
        int n = steps.size();
        BitSet live = new BitSet();
        List<List<Integer>> before = new ArrayList<>();
        for (int s = 0; s < n; s++) before.add(new ArrayList<>(1));
        for (int s = 0; s < n; s++) {
            for (NetworkBuilder.Step step : steps.get(s)) {
                before.get(step.to()).add(s);
                if (step.rule() >= 0) before.get(starts[step.rule()]).add(s);
            }
        }
        ArrayDeque<Integer> left = new ArrayDeque<>();
        for (int s = 0; s < n; s++) if (ends.get(s)) left.add(s);
        while (!left.isEmpty()) {
            int s = left.poll();
            if (live.get(s) || !(ends.get(s) || steps.get(s).stream().anyMatch(step -> leads(step, live)))) continue;
            live.set(s);
            left.addAll(before.get(s));
        }
        return live;
    }

    private boolean leads(NetworkBuilder.Step step, BitSet live) {
        return live.get(step.to()) && (step.rule() < 0 || live.get(starts[step.rule()]));
    }

    private void drop(BitSet live) {
        for (int s = 0; s < steps.size(); s++) steps.get(s).removeIf(step -> !leads(step, live));
    }

    private Network flat() {
        TreeSet<Integer> cuts = new TreeSet<>(List.of(0));
        for (List<NetworkBuilder.Step> list : steps) {
            for (NetworkBuilder.Step s : list) {
                if (s.rule() >= 0) continue;
                cuts.add(s.low());
                cuts.add(s.high() + 1);
            }
        }
        cuts.remove(256);
        int[] classOf = new int[256];
        int c = -1;
        for (int b = 0; b < 256; b++) classOf[b] = cuts.contains(b) ? ++c : c;
        int n = steps.size();
        int[][] bytes = new int[n][];
        int[][] calls = new int[n][];
        boolean[] accepting = new boolean[n];
        for (int s = 0; s < n; s++) {
            bytes[s] = NOTHING;
            calls[s] = NOTHING;
            accepting[s] = ends.get(s);
            for (NetworkBuilder.Step step : steps.get(s)) {
                if (step.rule() >= 0) {
                    calls[s] = with(calls[s], starts[step.rule()], step.to());
                    continue;
                }
                for (int k = classOf[step.low()]; k <= classOf[step.high()]; k++)
                    bytes[s] = with(bytes[s], k, step.to());
            }
        }
        return new Network(
                classOf,
                c + 1,
                bytes,
                calls,
                accepting,
                ruleOf.stream().mapToInt(i -> i).toArray(),
                starts[0]);
    }

    private static int[] with(int[] pairs, int a, int b) {
        int[] more = Arrays.copyOf(pairs, pairs.length + 2);
        more[pairs.length] = a;
        more[pairs.length + 1] = b;
        return more;
    }
}
