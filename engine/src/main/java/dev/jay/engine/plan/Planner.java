// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.model.load.StreamSplit;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * Decides how a model is opened: a pure function of what it takes, what there is and what is wished for. The first that
 * fits is taken, in this order: all weights in memory, before weights that are read for every pass; the context asked for,
 * before shorter ones (only where none was named); all tokens of a step through a layer at once, before fewer of them
 * at a time, and those before shorter steps.
 */
public final class Planner {
    /** For kernels whose working space grows past what they said when they were bound. */
    public static final long SPARE = 1 << 20;

    private static final int LEAST_STEP = 16;
    private static final int LEAST_CONTEXT = 128; // taken where none is named and weights are streamed
    private static final int LEAST_RESIDENT_CONTEXT = 1024; // rather stream than give less
    private static final long MIB = 1 << 20;

    private Planner() {}

    /** Never throws for want of room: see {@link Plan#fits} and {@link #refusal}. */
    public static Plan plan(Needs needs, long budget, Wishes wishes) {
        long least = Long.MAX_VALUE;
        Setup smallest = null;
        for (Setup setup : candidates(needs, wishes)) {
            long needed = neededBytes(needs, setup);
            if (needed <= budget) return plan(needs, budget, wishes, setup, needed, true);
            if (needed < least) {
                least = needed;
                smallest = setup;
            }
        }
        return plan(needs, budget, wishes, smallest, least, false);
    }

    private static List<Setup> candidates(Needs needs, Wishes wishes) {
        List<Setup> all = new ArrayList<>();
        add(all, wishes, false);
        if (needs.weightBytes() > 0) add(all, wishes, true);
        return all;
    }

    private static void add(List<Setup> to, Wishes wishes, boolean streamed) {
        for (int context : contexts(wishes, streamed)) {
            int leastStep = wishes.leastStep(LEAST_STEP);
            int steps = wishes.mostStep(context);
            for (int s = steps; ; s = Math.max(leastStep, s / 2)) {
                to.add(new Setup(streamed, context, wishes.parallel(), steps, s));
                if (s <= leastStep) break;
            }
            for (int s = steps; s > leastStep; ) { // where that does not help
                s = Math.max(leastStep, s / 2);
                to.add(new Setup(streamed, context, wishes.parallel(), s, s));
            }
        }
    }

    /** What is tried: the context named, or shorter and shorter ones. */
    static List<Integer> contexts(Wishes wishes, boolean streamed) {
        if (wishes.context().isPresent()) return List.of(wishes.context().getAsInt());
        int least = streamed ? LEAST_CONTEXT : LEAST_RESIDENT_CONTEXT;
        List<Integer> all = new ArrayList<>(List.of(wishes.mostContext()));
        while (all.getLast() > least) all.add(Math.max(least, all.getLast() / 2));
        return all;
    }

    private static long neededBytes(Needs needs, Setup setup) {
        long weights = setup.streamed() ? StreamSplit.leastBytes(needs.parts()) : needs.weightBytes();
        return sum(needs.taken()) + needs.working(setup).setAside() + weights + SPARE;
    }

    private static Plan plan(Needs needs, long budget, Wishes wishes, Setup setup, long needed, boolean fits) {
        Needs.Working working = needs.working(setup);
        Map<String, Long> setAside = new TreeMap<>(needs.taken());
        setAside.put("kv-pages", working.kvBytes());
        setAside.put("scratch", working.scratchBytes());
        setAside.put("spare", SPARE);
        Map<String, Long> expected = new TreeMap<>(needs.taken());
        expected.put("kv-pages", working.kvBytes()); // what sequences leave is filled by idle prefixes
        expected.put("scratch", working.fullScratchBytes());
        Optional<StreamSplit> split = Optional.empty();
        if (setup.streamed()) {
            StreamSplit s = StreamSplit.of(needs.parts(), Math.max(budget, needed) - sum(setAside));
            split = Optional.of(s);
            for (Map<String, Long> rows : List.of(setAside, expected)) {
                rows.put("weights-kept", s.keptBytes());
                rows.put("weights-streamed", s.slotBytes());
            }
        } else {
            setAside.put("weights", needs.weightBytes());
            expected.put("weights", needs.weightBytes());
        }
        List<Plan.Choice> chosen = choices(wishes, setup, needs, split);
        return new Plan(budget, setup, fits, needed, setAside, expected, split, chosen);
    }

    private static List<Plan.Choice> choices(Wishes wishes, Setup setup, Needs needs, Optional<StreamSplit> split) {
        List<Plan.Choice> all = new ArrayList<>();
        all.add(split.map(s -> new Plan.Choice(
                        "weights-streamed",
                        mib(needs.weightBytes()) + " of weights do not fit beside the rest: "
                                + s.kept().size() + " of " + needs.parts().size() + " parts stay in memory, "
                                + mib(s.streamedBytes()) + " are read for every pass"))
                .orElse(new Plan.Choice(
                        "weights-in-memory", mib(needs.weightBytes()) + " of weights fit beside the rest")));
        if (wishes.context().isEmpty() && setup.contextLength() < wishes.mostContext()) {
            all.add(new Plan.Choice(
                    "shorter-context",
                    "keys and values of " + wishes.mostContext() + " tokens do not fit, and --context names none: "
                            + setup.contextLength()));
        }
        int steps = wishes.mostStep(setup.contextLength());
        if (setup.stepTokens() < steps) {
            all.add(new Plan.Choice(
                    "shorter-steps",
                    "working space of steps of " + steps + " tokens does not fit: " + setup.stepTokens()));
        } else if (setup.layerRows() < steps) {
            all.add(new Plan.Choice(
                    "layers-in-parts",
                    "working space of " + steps + " tokens in a layer does not fit: " + setup.layerRows()
                            + " at a time, while its weights are held"));
        }
        return all;
    }

    /** Why a plan that does not fit does not, and which knob to turn how far. */
    public static OutOfBudgetException refusal(Plan plan) {
        Setup s = plan.setup();
        return new OutOfBudgetException("the model does not fit, not even with its weights read for every pass: budget="
                + plan.budgetBytes() + " bytes beside Java's own, needed=" + plan.neededBytes() + " for a context of "
                + s.contextLength() + " and " + s.parallel() + " in parallel " + plan.setAside()
                + ": raise --memory by " + Math.ceilDiv(plan.neededBytes() - plan.budgetBytes(), MIB)
                + " MiB, or lower --context or --parallel");
    }

    /** The longest context that fits with the weights where a plan has them, at most {@code most}; 0 if none does. */
    public static int mostContext(Needs needs, Plan of, Wishes wishes, int most) {
        return largest(most, context -> isLike(of, plan(needs, of.budgetBytes(), wishes.withContext(context))));
    }

    /** The most sequences of a plan's context that fit, with the weights where it has them, at most {@code most}. */
    public static int mostParallel(Needs needs, Plan of, Wishes wishes, int most) {
        Wishes same = wishes.withContext(of.setup().contextLength());
        return largest(most, n -> isLike(of, plan(needs, of.budgetBytes(), same.withParallel(n))));
    }

    private static boolean isLike(Plan plan, Plan other) {
        return other.fits() && other.setup().streamed() == plan.setup().streamed();
    }

    static int largest(int most, IntPredicate fits) {
        int low = 0;
        int high = most;
        while (low < high) {
            int middle = (int) ((low + (long) high + 1) / 2);
            if (fits.test(middle)) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    private static long sum(Map<String, Long> rows) {
        return rows.values().stream().mapToLong(Long::longValue).sum();
    }

    private static String mib(long bytes) {
        return bytes / MIB + " MiB";
    }
}
