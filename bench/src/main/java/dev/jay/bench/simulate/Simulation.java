// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.simulate;

import dev.jay.engine.Engine;
import dev.jay.engine.EngineStatus;
import dev.jay.engine.Finish;
import dev.jay.engine.Parking;
import dev.jay.engine.Piece;
import dev.jay.engine.Pressure;
import dev.jay.engine.TokenSink;
import dev.jay.engine.schedule.Admissions;
import dev.jay.engine.schedule.PrefixOrder;
import dev.jay.engine.schedule.SchedulerPolicies;
import dev.jay.kv.prefix.PageReplacements;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.memory.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** A trace through the real engine on a clock of its own. */
final class Simulation {
    /**
     * @param pages      that keys and values have
     * @param pageTokens of a page
     * @param stepTokens the most tokens of a step
     * @param stepNanos  of every step
     * @param tokenNanos of every token of it
     */
    record Machine(int pages, int pageTokens, int stepTokens, long stepNanos, long tokenNanos) {
        Machine {
            if (pages < 1 || pageTokens < 1 || stepTokens < 1 || stepNanos < 0 || tokenNanos < 0) {
                throw new IllegalArgumentException("simulated machine: pages=" + pages + ", pageTokens=" + pageTokens
                        + ", stepTokens=" + stepTokens + ", stepNanos=" + stepNanos + ", tokenNanos=" + tokenNanos
                        + ", allowed: 1 or more each, times 0 or more");
            }
        }
    }

    /** Names as the catalogs have them. */
    record Policies(String scheduler, String admission, String replacement) {}

    /**
     * @param status       when all is done
     * @param uniqueTokens of the trie of all prompts: the least that has to be run
     * @param seconds      on the simulated clock
     * @param firstTokens  seconds that each request waited for its first token, the shortest first
     */
    record Result(EngineStatus status, long uniqueTokens, double seconds, double[] firstTokens) {
        double meanFirstToken() {
            return Arrays.stream(firstTokens).average().orElse(0);
        }

        double p95FirstToken() {
            return firstTokens[Math.ceilDiv(95 * firstTokens.length, 100) - 1];
        }
    }

    private Simulation() {}

    /** @param known whether all requests are known beforehand and run in the order of their prefixes, as a batch */
    static Result run(Trace trace, Machine machine, Policies policies, boolean known) {
        int context = trace.arrivals().stream()
                .mapToInt(a -> a.prompt().length + a.answer())
                .max()
                .orElseThrow();
        try (Memory memory = Memory.withBudget(Long.MAX_VALUE);
                ClockForward forward = new ClockForward(memory, machine);
                Engine engine = new Engine(
                        forward,
                        new NoText(forward.vocabulary()),
                        SchedulerPolicies.ALL.make(policies.scheduler()),
                        settings(policies, context, forward))) {
            List<Times> times = play(known ? ordered(trace) : trace.arrivals(), known, engine, forward);
            return new Result(
                    engine.status(),
                    PrefixOrder.uniqueTokens(
                            trace.arrivals().stream().map(Trace.Arrival::prompt).toList()),
                    forward.now / 1e9,
                    times.stream().mapToDouble(Times::firstSeconds).sorted().toArray());
        }
    }

    private static Engine.Settings settings(Policies policies, int context, ClockForward forward) {
        return new Engine.Settings(
                context,
                forward.mostTokens(),
                Integer.MAX_VALUE,
                () -> ++forward.now, // as on a real clock no two come at the same time
                () -> 1,
                PageReplacements.ALL.make(policies.replacement()),
                PrefixTier.NONE,
                Parking.NONE,
                Admissions.ALL.make(policies.admission()),
                _ -> 1,
                Long.MAX_VALUE,
                () -> Pressure.NONE,
                () -> {});
    }

    /** As a batch comes. */
    static List<Trace.Arrival> ordered(Trace trace) {
        List<int[]> prompts =
                trace.arrivals().stream().map(Trace.Arrival::prompt).toList();
        int[] answers =
                trace.arrivals().stream().mapToInt(Trace.Arrival::answer).toArray();
        List<Trace.Arrival> ordered = new ArrayList<>();
        for (int place : PrefixOrder.of(prompts, answers))
            ordered.add(trace.arrivals().get(place));
        return ordered;
    }

    private static List<Times> play(List<Trace.Arrival> arrivals, boolean atOnce, Engine engine, ClockForward forward) {
        List<Times> times = new ArrayList<>();
        int next = 0;
        while (next < arrivals.size() || !engine.isIdle()) {
            boolean quiet = engine.isIdle() && !atOnce; // nothing happens until the next one comes
            if (quiet) forward.now = Math.max(forward.now, arrivals.get(next).nanos());
            for (; next < arrivals.size() && (atOnce || arrivals.get(next).nanos() <= forward.now); next++) {
                Trace.Arrival a = arrivals.get(next);
                times.add(new Times(forward, atOnce ? 0 : a.nanos()));
                engine.submit(a.request(), times.getLast());
            }
            engine.step();
        }
        for (Times each : times)
            if (each.failure != null) throw new IllegalStateException("an answer failed", each.failure);
        return times;
    }

    private static final class Times implements TokenSink {
        private final ClockForward clock;
        private final long asked;
        private long first = -1;
        private Throwable failure;

        Times(ClockForward clock, long asked) {
            this.clock = clock;
            this.asked = asked;
        }

        @Override
        public void onPiece(Piece piece) {
            if (first < 0) first = clock.now;
        }

        @Override
        public void onFinish(Finish finish) {
            failure = finish.cause().orElse(null);
        }

        double firstSeconds() {
            return (first - asked) / 1e9;
        }
    }

    /** Every token is an x. */
    private record NoText(int size) implements Tokenizer {
        @Override
        public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
            return new int[text.length()];
        }

        @Override
        public byte[] bytes(int token) {
            return new byte[] {'x'};
        }

        @Override
        public String piece(int token) {
            return "x";
        }

        @Override
        public boolean isControl(int token) {
            return false;
        }

        @Override
        public int bos() {
            return -1;
        }

        @Override
        public int eos() {
            return -1;
        }

        @Override
        public Set<Integer> endOfGeneration() {
            return Set.of();
        }

        @Override
        public boolean addsSpacePrefix() {
            return false;
        }
    }
}
