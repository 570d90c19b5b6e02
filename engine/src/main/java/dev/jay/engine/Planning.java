// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.PlaceProbe;
import dev.jay.engine.plan.Plan;
import dev.jay.engine.plan.Planner;
import dev.jay.engine.plan.Probe;
import dev.jay.engine.plan.Speed;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@link Model#open} would do with a file and these options, and what else would fit; nothing is loaded: the file's
 * header is read and its matrices are bound to code, as when it is opened. Confined to one thread.
 */
public final class Planning implements AutoCloseable {
    private static final int MOST_SEQUENCES = 4096;

    private final Owned owned = new Owned();
    private final BoundModel bound;
    private final Optional<FloorKeeper> keeper;
    private final Optional<KvFloor> floor;
    private final Plan plan;
    private Map<String, Double> inPlace; // bytes a second by format; null until it is asked for

    private Planning(Path file, ModelOptions options) throws IOException {
        try {
            this.keeper = FloorKeeper.of(file, options);
            this.bound = new BoundModel(file, keeper.map(FloorKeeper::options).orElse(options), owned);
            Plan planned = bound.plan();
            this.floor = keeper.map(k -> k.kept(planned));
            this.plan = keeper.map(k -> k.told(planned)).orElse(planned);
        } catch (IOException | RuntimeException | Error e) {
            owned.closeAfter(e);
            throw e;
        }
    }

    public static Planning open(Path file, ModelOptions options) throws IOException {
        return new Planning(file, options);
    }

    /** The very plan that {@link Model#open} takes. */
    public Plan plan() {
        return plan;
    }

    /** Why a plan that does not fit does not, and which knob to turn how far. */
    public OutOfBudgetException refusal(Plan of) {
        return keeper.isPresent() ? keeper.get().refusal(of) : Planner.refusal(of);
    }

    /** How keys and values are kept and what that is worth, where a floor was asked for. */
    public Optional<KvFloor> kvFloor() {
        return floor;
    }

    /** What each way of keeping them costs and loses; empty where no floor was asked for. */
    public List<KvFloor.Point> kvCurve(Plan of) {
        return keeper.map(k -> k.points(of, MOST_SEQUENCES)).orElse(List.of());
    }

    /** The plan if the budget were larger, with keys and values kept alike. */
    public Plan withMore(long bytes) {
        if (plan.budgetBytes() == Long.MAX_VALUE) return plan;
        return Planner.plan(bound, plan.budgetBytes() + bytes, bound.wishes());
    }

    /** The longest context that so many sequences can have with the weights where this plan has them. */
    public int mostContext(Plan of) {
        // a recipe's budget is a share of the context that it was chosen for
        int most = keeper.filter(FloorKeeper::isBudgeted).isPresent()
                ? of.setup().contextLength()
                : bound.spec().contextLength();
        return Planner.mostContext(bound, of, bound.wishes(), most);
    }

    /** The most sequences of this plan's context with the weights where this plan has them. */
    public int mostParallel(Plan of) {
        return Planner.mostParallel(bound, of, bound.wishes(), MOST_SEQUENCES);
    }

    /**
     * Weights that stay where the file's pages lie are read there to see how fast that is: a part of them, once.
     *
     * @param diskRate bytes a second of where the model's files lie; only for weights that are streamed
     */
    public Speed speed(Plan of, Probe probe, double diskRate) {
        return Speed.of(bound, of, of.split().isPresent() ? probe : probe.withVectorRates(inPlace()), diskRate);
    }

    private Map<String, Double> inPlace() {
        if (inPlace == null) {
            try (Memory rows = Memory.withBudget(Long.MAX_VALUE)) { // a little, and none of the model's
                inPlace = bound.weightBytes() == 0
                        ? Map.of()
                        : PlaceProbe.rates(bound.matrices(), bound.ops(), rows, System::nanoTime);
            }
        }
        return inPlace;
    }

    public int vocabulary() {
        return bound.spec().vocabulary();
    }

    @Override
    public void close() {
        owned.close();
    }
}
