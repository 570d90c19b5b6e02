// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Noise;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;

/**
 * The shorter side of a matrix projected to {@code rank} values: p[rank][short], and of a gradient g r = p . g where the
 * rows are the shorter side, [rank][cols]; else r = g . p', [rows][rank].
 *
 * @param rows of the matrix; so cols
 */
record Projection(int rows, int cols, int rank) {
    private static final int MORE = 8; // vectors of the iteration, so that the last ones wanted are good too
    private static final int POWERS = 2;
    private static final int DRAWN = 2048; // random values, by one thread at a time

    /** @param wanted 0 for a quarter of the shorter side */
    static Projection of(Parameter p, int wanted) {
        int side = Math.min(p.rows(), p.cols());
        int rank = wanted == 0 ? Math.max(1, side / 4) : Math.min(wanted, side);
        return new Projection(p.rows(), p.cols(), rank);
    }

    /** Of the matrices within blocks; embeddings, heads and gains are left to Adam. */
    static boolean isFor(Parameter p) {
        return p.isMatrix() && p.name().startsWith("blk.");
    }

    boolean isLeft() {
        return rows <= cols;
    }

    int side() {
        return Math.min(rows, cols);
    }

    int other() {
        return Math.max(rows, cols);
    }

    /** Values of r. */
    long count() {
        return (long) rank * other();
    }

    /**
     * How much shorter Adam's step of a projection is than of the whole: each of its values moves by about the rate,
     * so that lengths are as the roots of their counts.
     */
    double lost() {
        return Math.sqrt((double) side() / rank);
    }

    /**
     * Random signs, such that lengths are kept in the mean; the same for a stream. They keep them no worse than normal
     * values do (Achlioptas 2003), and a draw is 64 of them.
     */
    void fillRandom(MemorySegment p, long stream, Ops ops) {
        float size = (float) (1 / Math.sqrt(rank));
        draw((long) rank * side(), p, ops, (from, to) -> Noise.signs(stream, from, size, to));
    }

    private interface Draw {
        void fill(long from, float[] to);
    }

    private static void draw(long count, MemorySegment to, Ops ops, Draw draw) {
        ops.forEach((int) Math.ceilDiv(count, (long) DRAWN), (chunk, worker) -> {
            long from = (long) chunk * DRAWN;
            float[] some = new float[(int) Math.min(DRAWN, count - from)];
            draw.fill(from, some);
            MemorySegment.copy(some, 0, to, JAVA_FLOAT, 4 * from, some.length);
        });
    }

    void project(MemorySegment p, MemorySegment g, MemorySegment r, Precision precision, Ops ops) {
        Gemm gemm = ops.gemm(precision);
        if (isLeft()) gemm.run(rank, cols, rows, Factor.of(p, rows), Factor.of(g, cols), r, cols, false);
        else gemm.run(rows, rank, cols, Factor.of(g, cols), Factor.transposed(p, cols), r, rank, false);
    }

    /** out[rows][cols] = p' . r, or r . p. */
    void back(MemorySegment p, MemorySegment r, MemorySegment out, Ops ops) {
        Gemm gemm = ops.gemm(Precision.F32);
        if (isLeft()) gemm.run(rows, cols, rank, Factor.transposed(p, rows), Factor.of(r, cols), out, cols, false);
        else gemm.run(rows, cols, rank, Factor.of(r, rank), Factor.of(p, cols), out, cols, false);
    }

    /**
     * By how much a step along r is longer than r, by channel: a value on the longer side. What is 0 stays.
     *
     * @param lengths f32 [other]; set to the squares of r's lengths
     */
    void factors(MemorySegment step, MemorySegment r, MemorySegment factors, MemorySegment lengths, Ops ops) {
        GradientOps gradients = ops.gradients();
        gradients.squares(step, factors, projectedRows(), projectedCols(), isLeft());
        gradients.squares(r, lengths, projectedRows(), projectedCols(), isLeft());
        for (int c = 0; c < other(); c++) {
            Floats.set(factors, c, (float) factor(Floats.get(factors, c), Floats.get(lengths, c)));
        }
    }

    /** By how much what has been projected moved, of its length, both squared. */
    static double factor(double moved, double projected) {
        return projected > 0 ? Math.sqrt(moved / projected) : 0;
    }

    /** x -= steps * r, a step for each channel. */
    void descend(MemorySegment x, MemorySegment r, MemorySegment steps, Ops ops) {
        ops.gradients().descend(x, r, steps, 1, projectedRows(), projectedCols(), isLeft());
    }

    private int projectedRows() {
        return isLeft() ? rank : rows;
    }

    private int projectedCols() {
        return isLeft() ? cols : rank;
    }

    /** Of what {@link #project} multiplies. */
    Gemm.Room room(Precision precision, Ops ops) {
        Gemm gemm = ops.gemm(precision);
        return isLeft() ? gemm.room(rank, cols, rows) : gemm.room(rows, rank, cols);
    }

    /** Of that, of {@link #fillSubspace} and {@link #back}. */
    Gemm.Room subspaceRoom(Ops ops) {
        Gemm gemm = ops.gemm(Precision.F32);
        return room(Precision.F32, ops)
                .max(gemm.room(vectors(), side(), other()))
                .max(gemm.room(vectors(), other(), side()))
                .max(gemm.room(rows, cols, rank));
    }

    private int vectors() {
        return Math.min(side(), rank + MORE);
    }

    long subspaceScratchBytes() {
        return Scratch.sizeOf(4L * vectors() * side()) + Scratch.sizeOf(4L * vectors() * other());
    }

    /**
     * p becomes an orthonormal basis of nearly the space of g's greatest singular vectors on its shorter side: some
     * steps of orthogonal iteration from random vectors (Halko, Martinsson and Tropp 2011). Rows beyond g's rank are 0.
     */
    void fillSubspace(MemorySegment p, MemorySegment g, long stream, Scratch scratch, Ops ops) {
        Gemm gemm = ops.gemm(Precision.F32);
        int n = vectors();
        long mark = scratch.mark();
        MemorySegment y = scratch.floats((long) n * side()); // [n][side]
        MemorySegment z = scratch.floats((long) n * other()); // [n][other]
        draw((long) n * other(), z, ops, (from, to) -> Noise.normal(stream, from, to));
        for (int power = 0; power <= POWERS; power++) {
            // Rows of y are g . z, rows of z are g' . y, or the other way round.
            Factor toSide = new Factor(g, cols, isLeft());
            gemm.run(n, side(), other(), Factor.of(z, other()), toSide, y, side(), false);
            orthonormalise(y, n, side());
            if (power == POWERS) break;
            Factor toOther = new Factor(g, cols, !isLeft());
            gemm.run(n, other(), side(), Factor.of(y, side()), toOther, z, other(), false);
        }
        MemorySegment.copy(y, 0, p, 0, 4L * rank * side());
        scratch.release(mark);
    }

    /** Gram-Schmidt, twice over; a row that is nearly in the space of those before becomes 0. */
    static void orthonormalise(MemorySegment y, int n, int width) {
        for (int i = 0; i < n; i++) {
            double before = Math.sqrt(dot(y, i, i, width));
            for (int round = 0; round < 2; round++) {
                for (int j = 0; j < i; j++) {
                    double along = dot(y, i, j, width);
                    for (int c = 0; c < width; c++) {
                        double v = Floats.get(y, (long) i * width + c) - along * Floats.get(y, (long) j * width + c);
                        Floats.set(y, (long) i * width + c, (float) v);
                    }
                }
            }
            double length = Math.sqrt(dot(y, i, i, width));
            double scale = length > 1e-5 * before && length > 0 ? 1 / length : 0;
            for (int c = 0; c < width; c++) {
                long at = (long) i * width + c;
                Floats.set(y, at, (float) (scale * Floats.get(y, at)));
            }
        }
    }

    private static double dot(MemorySegment y, int i, int j, int width) {
        double sum = 0;
        for (int c = 0; c < width; c++) {
            sum += (double) Floats.get(y, (long) i * width + c) * Floats.get(y, (long) j * width + c);
        }
        return sum;
    }
}
