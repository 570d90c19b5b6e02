// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;

/**
 * How a gradient becomes a step. Keeps nothing itself: what it remembers of a parameter is in bytes that it is given,
 * which a checkpoint keeps too. A member of {@link Optimizers#ALL}.
 */
public interface Optimizer {
    /** Bytes it remembers of a parameter. */
    long stateBytes(Parameter p);

    /** Bytes of working space for one parameter. */
    default long scratchBytes(Parameter p) {
        return 0;
    }

    /** Of the products that a step of one parameter takes. */
    default Gemm.Room room(Parameter p, Ops ops) {
        return Gemm.Room.NONE;
    }

    /**
     * One step of one parameter. The same bits whatever threads the ops have; other threads may be at other parameters.
     *
     * @param state   {@link #stateBytes}, zeros before the first step; aligned to 64
     * @param scratch {@link #scratchBytes}
     */
    void update(Parameter p, MemorySegment state, Scratch scratch, Step step, Ops ops);

    /**
     * @param number   1 for the first
     * @param rate     of learning, now
     * @param gradient what the gradient is to be multiplied by first: clipping's factor
     */
    record Step(int number, double rate, float gradient) {}
}
