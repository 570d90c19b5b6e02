// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Noise;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

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
    private static final int CHANNELS = 128; // that a thread sums at once

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
        return Scratch.sizeOf(4L * by.rank() * by.side()) + 2 * Scratch.sizeOf(4 * by.count());
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
        MemorySegment basis = scratch.floats((long) by.rank() * by.side());
        MemorySegment projected = scratch.floats(by.count());
        MemorySegment direction = scratch.floats(by.count());
        by.fillRandom(basis, Noise.mix(SEED + p.name().hashCode()) + (step.number() - 1) / gap, ops);
        by.project(basis, p.gradient(), projected, ops);
        direction.fill((byte) 0);
        ops.gradients().adam(direction, projected, means, squares, adam.direction(step), by.count());
        double[] factors = factors(by, norms(by, direction, ops), norms(by, projected, ops));
        scratch.release(mark);
        double limit = limit(head, Math.sqrt(squares(by, p.gradient(), factors, ops)));
        apply(by, p, factors, adam.keep(p, step), step.rate() * scale * by.lost() * limit, ops);
    }

    /** What a step of this norm is to be multiplied by; notes its norm. */
    private static double limit(MemorySegment head, double norm) {
        double before = Floats.get(head, 0);
        double limit = before > 0 && norm > GROWTH * before ? GROWTH * before / norm : 1;
        Floats.set(head, 0, (float) (limit * norm));
        return limit;
    }

    /** Of each channel; all alike if one is for the whole. A channel without gradient stays. */
    private double[] factors(Projection by, double[] moved, double[] projected) {
        double[] factors = new double[by.other()];
        double all = 0;
        double of = 0;
        for (int c = 0; c < factors.length; c++) {
            factors[c] = projected[c] > 0 ? Math.sqrt(moved[c] / projected[c]) : 0;
            all += moved[c];
            of += projected[c];
        }
        if (whole) Arrays.fill(factors, of > 0 ? Math.sqrt(all / of) : 0);
        return factors;
    }

    /** Squares of the lengths of the channels of a projection. */
    private static double[] norms(Projection by, MemorySegment r, Ops ops) {
        return by.isLeft() ? ofColumns(r, by.rank(), by.cols(), ops) : ofRows(r, by.rows(), by.rank(), ops);
    }

    /** Of the gradient with its channels scaled, the square of its length. */
    private double squares(Projection by, MemorySegment g, double[] factors, Ops ops) {
        if (whole) return factors[0] * factors[0] * ops.gradients().squares(g, (long) by.rows() * by.cols());
        double[] of = by.isLeft() ? ofColumns(g, by.rows(), by.cols(), ops) : ofRows(g, by.rows(), by.cols(), ops);
        double sum = 0;
        for (int c = 0; c < factors.length; c++) sum += factors[c] * factors[c] * of[c];
        return sum;
    }

    private static double[] ofColumns(MemorySegment s, int rows, int cols, Ops ops) {
        double[] sums = new double[cols];
        ops.forEach(Math.ceilDiv(cols, CHANNELS), (chunk, worker) -> {
            int from = chunk * CHANNELS;
            float[] some = new float[Math.min(CHANNELS, cols - from)];
            double[] of = new double[some.length];
            for (int r = 0; r < rows; r++) {
                MemorySegment.copy(s, JAVA_FLOAT, 4L * ((long) r * cols + from), some, 0, some.length);
                for (int c = 0; c < some.length; c++) of[c] += (double) some[c] * some[c];
            }
            System.arraycopy(of, 0, sums, from, of.length);
        });
        return sums;
    }

    private static double[] ofRows(MemorySegment s, int rows, int cols, Ops ops) {
        double[] sums = new double[rows];
        ops.forEach(Math.ceilDiv(rows, CHANNELS), (chunk, worker) -> {
            int end = Math.min(rows, (chunk + 1) * CHANNELS);
            float[] row = new float[cols];
            for (int r = chunk * CHANNELS; r < end; r++) {
                MemorySegment.copy(s, JAVA_FLOAT, 4L * r * cols, row, 0, cols);
                sums[r] = ofRow(row);
            }
        });
        return sums;
    }

    /** In four sums, of which none waits for another. */
    private static double ofRow(float[] row) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < row.length; i += 4) {
            a += (double) row[i] * row[i];
            b += (double) row[i + 1] * row[i + 1];
            c += (double) row[i + 2] * row[i + 2];
            d += (double) row[i + 3] * row[i + 3];
        }
        for (; i < row.length; i++) a += (double) row[i] * row[i];
        return a + b + c + d;
    }

    private static void apply(Projection by, Parameter p, double[] factors, float keep, double rate, Ops ops) {
        float[] steps = new float[factors.length];
        for (int c = 0; c < steps.length; c++) steps[c] = (float) (rate * factors[c]);
        int cols = p.cols();
        ops.forEach(p.rows(), (r, worker) -> {
            MemorySegment w = p.value().asSlice(4L * r * cols, 4L * cols);
            MemorySegment g = p.gradient().asSlice(4L * r * cols, 4L * cols);
            if (by.isLeft()) {
                for (int c = 0; c < cols; c++) {
                    float v = w.getAtIndex(JAVA_FLOAT, c) * keep - steps[c] * g.getAtIndex(JAVA_FLOAT, c);
                    w.setAtIndex(JAVA_FLOAT, c, v);
                }
                return;
            }
            float step = steps[r];
            for (int c = 0; c < cols; c++) {
                float v = w.getAtIndex(JAVA_FLOAT, c) * keep - step * g.getAtIndex(JAVA_FLOAT, c);
                w.setAtIndex(JAVA_FLOAT, c, v);
            }
        });
    }
}
