// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.GradientKernels;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Noise;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;

/**
 * Adam within the space of a gradient's greatest singular vectors (GaLore, Zhao and others 2024), which is looked for
 * anew from time to time, of one matrix here and another there. Remembers [p][m][v] of the projected gradient; the
 * moments stay as they are when the space changes. Of the gradient what lies outside of that space goes down with it,
 * each channel as much scaled as Adam scaled what lies inside (Fira, Chen and others 2024), and nothing more is
 * remembered for it. Matrices outside of blocks, and vectors, go to AdamW, at the same rate: {@link Projection#lost}
 * makes a step within the space as long as Adam's whole one would be.
 */
final class GaLore implements Optimizer {
    static final Catalog.Entry<Optimizer> ENTRY = new Catalog.Entry<>(
            "galore",
            "Adam on gradients projected to their subspace (GaLore);"
                    + " galore(rank=0,gap=200,scale=0.25,decay=0.1,rest=1): rank 0 is a quarter of the width; a step in"
                    + " the subspace is scale times as long as AdamW's at the same rate; rest is how much of the"
                    + " gradient outside of it goes down too, scaled by channel (Fira), 0 for none",
            a -> new GaLore(
                    a.intOf("rank", 0),
                    a.intOf("gap", 200),
                    a.doubleOf("scale", 0.25),
                    a.doubleOf("decay", 0.1),
                    a.doubleOf("rest", 1)));

    private static final long SEED = 0x6A1073;

    private final int rank;
    private final int gap;
    private final double scale;
    private final double rest;
    private final AdamW adam;

    private GaLore(int rank, int gap, double scale, double decay, double rest) {
        if (rank < 0 || gap < 1 || !(scale > 0) || !(rest >= 0)) {
            throw new IllegalArgumentException("optimizer galore: rank=" + rank + ", gap=" + gap + ", scale=" + scale
                    + ", rest=" + rest + ", allowed: a rank from 1, or 0 for a quarter; a gap from 1; a scale above 0;"
                    + " a rest not below 0");
        }
        this.rest = rest;
        this.rank = rank;
        this.gap = gap;
        this.scale = scale;
        this.adam = new AdamW(0.9, 0.95, 1e-8, decay);
    }

    private static long basisBytes(Projection by) {
        return Scratch.sizeOf(4L * by.rank() * by.side());
    }

    @Override
    public long stateBytes(Parameter p) {
        if (!Projection.isFor(p)) return adam.stateBytes(p);
        Projection by = Projection.of(p, rank);
        return basisBytes(by) + 2 * Scratch.sizeOf(4 * by.count());
    }

    @Override
    public long scratchBytes(Parameter p) {
        if (!Projection.isFor(p)) return 0;
        Projection by = Projection.of(p, rank);
        long step = 2 * Scratch.sizeOf(4 * by.count())
                + Scratch.sizeOf(4 * p.count())
                + 2 * Scratch.sizeOf(4L * by.other());
        return Math.max(step, by.subspaceScratchBytes());
    }

    @Override
    public Gemm.Room room(Parameter p, Ops ops) {
        return Projection.isFor(p) ? Projection.of(p, rank).subspaceRoom(ops) : Gemm.Room.NONE;
    }

    @Override
    public void update(Parameter p, MemorySegment state, Scratch scratch, Step step, Ops ops) {
        if (!Projection.isFor(p)) {
            adam.update(p, state, scratch, step, ops);
            return;
        }
        Projection by = Projection.of(p, rank);
        Scratch kept = new Scratch(state);
        MemorySegment basis = kept.take(basisBytes(by));
        MemorySegment means = kept.floats(by.count());
        MemorySegment squares = kept.floats(by.count());
        int name = p.name().hashCode();
        if (step.number() == 1 || Math.floorMod(step.number() + name, gap) == 0) {
            by.fillSubspace(basis, p.gradient(), Noise.mix(SEED + name) + step.number(), scratch, ops);
        }
        long mark = scratch.mark();
        MemorySegment projected = scratch.floats(by.count());
        MemorySegment direction = scratch.floats(by.count());
        MemorySegment whole = scratch.floats(p.count());
        by.project(basis, p.gradient(), projected, Precision.F32, ops);
        direction.fill((byte) 0);
        GradientKernels.Adam moments = adam.direction(step);
        GradientOps gradients = ops.gradients();
        gradients.adam(direction, projected, means, squares, moments, by.count());
        double rate = step.rate() * scale * by.lost();
        if (rest > 0) {
            MemorySegment factors = scratch.floats(by.other());
            by.factors(direction, projected, factors, scratch.floats(by.other()), ops);
            for (int c = 0; c < by.other(); c++) Floats.set(factors, c, (float) (rest * Floats.get(factors, c)));
            // p' . (direction - factors * r) + factors * g is p' . direction and, scaled, what p' . r lacks of g.
            by.descend(direction, projected, factors, ops);
            for (int c = 0; c < by.other(); c++) Floats.set(factors, c, (float) (rate * Floats.get(factors, c)));
            gradients.descend(p.value(), p.gradient(), factors, adam.keep(p, step), p.rows(), p.cols(), by.isLeft());
        }
        by.back(basis, direction, whole, ops);
        gradients.descend(p.value(), whole, (float) rate, rest > 0 ? 1 : adam.keep(p, step), p.count());
        scratch.release(mark);
    }
}
