// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.Threads;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import dev.jay.train.optimize.GradientNorm;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Takes steps: gradients of some batches added up, clipped together, given to the optimiser. Owns the optimiser's state
 * (purpose {@code train-optimizer}); borrows the model. Deterministic: the same steps of the same batches give the same bits.
 */
public final class Trainer implements AutoCloseable {
    /**
     * @param optimizer how a gradient becomes a step
     * @param rate      the greatest learning rate
     * @param schedule  what part of it a step gets
     * @param steps     of the whole run
     * @param clip      the greatest norm of all gradients together; infinite for any
     */
    public record Plan(Optimizer optimizer, double rate, Schedule schedule, int steps, double clip) {
        public Plan {
            if (!(rate > 0 && rate < 1e3) || steps < 1 || !(clip > 0)) {
                throw new IllegalArgumentException("training plan: rate=" + rate + ", steps=" + steps + ", clip=" + clip
                        + ", allowed: a positive rate, at least one step, a positive clip");
            }
        }
    }

    /**
     * @param loss mean of all targets, in nats
     * @param norm of all gradients together, before clipping
     */
    public record Report(int step, double loss, double norm, double rate, int targets) {}

    private final TrainModel model;
    private final Parameters parameters;
    private final Ops ops;
    private Plan plan;
    private final Region state;
    private final Region scratch;
    private final List<MemorySegment> states = new ArrayList<>(); // by parameter
    private final List<Ops> own = new ArrayList<>(); // by thread
    private final List<Integer> whole = new ArrayList<>(); // parameters that all threads work on together
    private final List<Integer> apart; // those that are one thread's each, the largest first
    private Thread reader; // of the parts; null for none
    private int step;

    public Trainer(TrainModel model, Ops ops, Plan plan, Memory memory) {
        this.model = model;
        this.parameters = model.parameters();
        this.ops = ops;
        this.plan = plan;
        this.state = memory.reserve("train-optimizer", stateBytes(parameters, plan.optimizer));
        state.inHugePages(); // a direct write looks up every page
        try {
            this.scratch = memory.reserve("train-optimizer-scratch", scratchBytes(parameters, plan.optimizer, ops));
        } catch (RuntimeException e) {
            state.close();
            throw e;
        }
        Scratch parts = new Scratch(state.bytes());
        for (int i = 0; i < ops.workers(); i++) own.add(ops.ofWorker(i));
        List<Parameter> all = parameters.all();
        for (Parameter p : all) states.add(parts.take(plan.optimizer.stateBytes(p)));
        List<Integer> others = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) (isForAll(all.get(i)) ? whole : others).add(i);
        others.sort(Comparator.comparingLong(i -> -all.get(i).count()));
        this.apart = List.copyOf(others);
    }

    /**
     * Whether others would wait for the thread that had this one. A projected matrix is never cut: its many short parts
     * would wait for threads more than they work.
     */
    private boolean isForAll(Parameter p) {
        boolean isLarge = 2L * ops.workers() * p.count() > parameters.count();
        return isLarge && plan.optimizer.room(p, ops).equals(Gemm.Room.NONE);
    }

    /** What the optimiser remembers of all parameters. */
    public static long stateBytes(Parameters parameters, Optimizer optimizer) {
        return parameters.all().stream()
                .mapToLong(p -> Scratch.sizeOf(optimizer.stateBytes(p)))
                .sum();
    }

    /** What the optimiser works in, beside that: each thread has its own. */
    public static long scratchBytes(Parameters parameters, Optimizer optimizer, Ops ops) {
        return ops.workers() * scratchEach(parameters, optimizer);
    }

    private static long scratchEach(Parameters parameters, Optimizer optimizer) {
        return Scratch.sizeOf(parameters.all().stream()
                .mapToLong(optimizer::scratchBytes)
                .max()
                .orElse(0));
    }

    /** What its products take, those of each thread alone, beside those of a pass. */
    public static Gemm.Room room(Parameters parameters, Optimizer optimizer, Ops ops) {
        return parameters.all().stream().map(p -> optimizer.room(p, ops)).reduce(Gemm.Room.NONE, Gemm.Room::max);
    }

    /**
     * One step.
     *
     * @throws IllegalArgumentException if no batch has a target
     * @throws IllegalStateException    if the loss or a gradient is not a number: nothing was changed but the gradients
     */
    public Report step(List<Batch> batches) {
        int targets = batches.stream().mapToInt(Batch::counted).sum();
        if (targets == 0)
            throw new IllegalArgumentException("training step: batches=" + batches.size() + ", targets=0");
        parameters.zeroGradients(ops);
        double loss = 0;
        for (Batch batch : batches) loss += model.addGradients(batch, 1f / targets);
        double norm = GradientNorm.of(parameters.all(), ops);
        if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
            throw new IllegalStateException("training diverged: step=" + (step + 1) + ", loss=" + loss / targets
                    + ", norm=" + norm + "; a lower rate or a longer warm-up may help");
        }
        awaitReader();
        step++;
        double rate = plan.rate * plan.schedule.at(step, plan.steps);
        float scale = norm > plan.clip ? (float) (plan.clip / norm) : 1;
        update(new Optimizer.Step(step, rate, scale));
        return new Report(step, loss / targets, norm, rate, targets);
    }

    private void update(Optimizer.Step now) {
        List<Parameter> all = parameters.all();
        long each = scratchEach(parameters, plan.optimizer);
        for (int i : whole) plan.optimizer.update(all.get(i), states.get(i), new Scratch(scratch.bytes()), now, ops);
        ops.forEach(apart.size(), (chunk, worker) -> {
            int i = apart.get(chunk);
            Scratch room = new Scratch(scratch.bytes().asSlice(worker * each, each));
            plan.optimizer.update(all.get(i), states.get(i), room, now, own.get(worker));
        });
    }

    /**
     * What a checkpoint keeps: weights and state, which {@link #step} changes at its end and nothing else does. The weights
     * end where a page does, and the state begins where one does. Borrowed.
     */
    List<MemorySegment> parts() {
        return List.of(parameters.values(), state.bytes());
    }

    /**
     * Somebody reads the {@link #parts}: until that thread is over they are not changed, nor the state given back. One at a
     * time: waits for the one before.
     */
    void readBy(Thread next) {
        awaitReader();
        reader = next;
    }

    private void awaitReader() {
        if (reader != null) Threads.awaitEnd(reader);
        reader = null;
    }

    /** Goes on as after so many steps, of which the {@link #parts} are. */
    void resume(int steps) {
        step = steps;
    }

    /** Follows another plan from the next step on, with the optimiser that it has. */
    void follow(Plan other) {
        plan = new Plan(plan.optimizer, other.rate, other.schedule, other.steps, other.clip);
    }

    /** Steps taken. */
    public int steps() {
        return step;
    }

    @Override
    public void close() {
        awaitReader();
        state.close();
        scratch.close();
    }
}
