// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Noise;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;

/**
 * The gradient itself, each channel of it as much scaled as Adam would scale its random projection (APOLLO, Zhu and
 * others 2024). Remembers [norm of the last step][m][v] of the projection; the projection follows from the step's number.
 * A step's norm grows by a hundredth at most. Matrices outside of blocks, and vectors, go to AdamW, at the same rate:
 * {@link Projection#lost} makes a step as long as Adam's would be, and the scale says how much longer it is than that.
 */
final class Apollo implements Optimizer {
    static final Catalog.Entry<Optimizer> ENTRY = new Catalog.Entry<>(
            "apollo",
            "the gradient, scaled by channel as Adam would a random projection (APOLLO);"
                    + " apollo(rank=0,gap=200,scale=1,decay=0.1): rank 0 is a quarter of the width; a step is scale"
                    + " times as long as AdamW's at the same rate",
            a -> new Apollo(
                    a.intOf("rank", 0), a.intOf("gap", 200), a.doubleOf("scale", 1), a.doubleOf("decay", 0.1), false));

    private static final long SEED = 0xA9011;
    private static final double GROWTH = 1.01;
    private static final int HEAD = 64;
    private static final Precision PRECISION = Precision.BF16; // a random projection is far less exact than that

    private final int rank;
    private final int gap;
    private final double scale;
    private final boolean whole;
    private final AdamW adam;

    /** @param whole one scale for a tensor, not one for each channel */
    Apollo(int rank, int gap, double scale, double decay, boolean whole) {
        if (rank < 0 || gap < 1 || !(scale > 0)) {
            throw new IllegalArgumentException("optimizer apollo: rank=" + rank + ", gap=" + gap + ", scale=" + scale
                    + ", allowed: a rank from 1, or 0 for a quarter; a gap from 1; a scale above 0");
        }
        this.rank = rank;
        this.gap = gap;
        this.scale = scale;
        this.whole = whole;
        this.adam = new AdamW(0.9, 0.95, 1e-8, decay);
    }

    @Override
    public long stateBytes(Parameter p) {
        if (!Projection.isFor(p)) return adam.stateBytes(p);
        return HEAD + 2 * Scratch.sizeOf(4 * Projection.of(p, rank).count());
    }

    @Override
    public long scratchBytes(Parameter p) {
        if (!Projection.isFor(p)) return 0;
        Projection by = Projection.of(p, rank);
        return 2 * Scratch.sizeOf(4L * by.other())
                + Scratch.sizeOf(4L * by.rank() * by.side())
                + 2 * Scratch.sizeOf(4 * by.count());
    }

    @Override
    public Gemm.Room room(Parameter p, Ops ops) {
        return Projection.isFor(p) ? Projection.of(p, rank).room(PRECISION, ops) : Gemm.Room.NONE;
    }

    @Override
    public void update(Parameter p, MemorySegment state, Scratch scratch, Step step, Ops ops) {
        if (!Projection.isFor(p)) {
            adam.update(p, state, scratch, step, ops);
            return;
        }
        Projection by = Projection.of(p, rank);
        Scratch kept = new Scratch(state);
        MemorySegment head = kept.take(HEAD);
        MemorySegment means = kept.floats(by.count());
        MemorySegment squares = kept.floats(by.count());
        long mark = scratch.mark();
        MemorySegment factors = scratch.floats(by.other()); // by channel
        MemorySegment lengths = scratch.floats(by.other()); // of the gradient's channels, squared
        MemorySegment basis = scratch.floats((long) by.rank() * by.side());
        MemorySegment projected = scratch.floats(by.count());
        MemorySegment direction = scratch.floats(by.count());
        by.fillRandom(basis, Noise.mix(SEED + p.name().hashCode()) + (step.number() - 1) / gap, ops);
        by.project(basis, p.gradient(), projected, PRECISION, ops);
        direction.fill((byte) 0);
        GradientOps gradients = ops.gradients();
        gradients.adam(direction, projected, means, squares, adam.direction(step), by.count());
        double rate = step.rate() * scale * by.lost();
        float keep = adam.keep(p, step);
        if (whole) {
            double factor = Projection.factor(
                    gradients.squares(direction, by.count()), gradients.squares(projected, by.count()));
            double limit = limit(head, factor * Math.sqrt(gradients.squares(p.gradient(), p.count())));
            gradients.descend(p.value(), p.gradient(), (float) (rate * limit * factor), keep, p.count());
        } else {
            by.factors(direction, projected, factors, lengths, ops);
            gradients.squares(p.gradient(), lengths, by.rows(), by.cols(), by.isLeft());
            double limit = limit(head, norm(factors, lengths, by.other()));
            for (int c = 0; c < by.other(); c++)
                Floats.set(factors, c, (float) (rate * limit * Floats.get(factors, c)));
            gradients.descend(p.value(), p.gradient(), factors, keep, by.rows(), by.cols(), by.isLeft());
        }
        scratch.release(mark);
    }

    /** The length of the gradient, its channels scaled by their factors. */
    private static double norm(MemorySegment factors, MemorySegment squares, int channels) {
        double sum = 0;
        for (int c = 0; c < channels; c++) {
            double factor = Floats.get(factors, c);
            sum += factor * factor * Floats.get(squares, c);
        }
        return Math.sqrt(sum);
    }

    /** What a step of this norm is to be multiplied by; notes its norm. */
    private static double limit(MemorySegment head, double norm) {
        double before = Floats.get(head, 0);
        double limit = before > 0 && norm > GROWTH * before ? GROWTH * before / norm : 1;
        Floats.set(head, 0, (float) (limit * norm));
        return limit;
    }
}
