// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.Activations;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.MatMul;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Products of one format's matrices: with one row, all of the memory given; with few and with many, some matrices of it. A
 * product with n rows takes, for each weight, what makes it ready once and n times what a row takes more, and for each value
 * of the rows what brings it into the form that the code takes, and for each that comes out what writes it: two counts of
 * rows and matrices of three shapes tell all. Borrows all it is given.
 */
final class ProductProbe {
    private static final int COLS = 2048;
    private static final int ROWS = 4096;
    private static final int THIN = 32; // rows of a matrix that hardly count beside those they are multiplied with
    private static final int NARROW = 256; // columns of one whose outputs count
    private static final int FEW = 64;
    private static final int MANY = 512;
    private static final int MATRICES = 2; // of many rows: enough that none is left in a cache
    static final long INPUT_BYTES = 4L * MANY * COLS;
    static final long OUTPUT_BYTES = 4L * MANY * ROWS;
    private static final double BUSY = 0.02; // seconds
    private static final double SLOW = 3e8; // bytes of weights a second
    private static final double LEAST = 1e-13; // seconds a weight: what cannot be told from nothing

    private final WeightFormat format;
    private final MemorySegment weights;
    private final Scratch scratch;
    private final List<MatMul> products = new ArrayList<>();
    private final MemorySegment x;
    private final MemorySegment y;
    private final Timer first;
    private final Timer one;
    private final Timer few;
    private final Timer many;
    private final Timer thin;
    private final Timer narrow;
    private final Timer narrowFew;

    /**
     * @param weights of all formats in turn
     * @param x       of {@link #INPUT_BYTES}
     * @param y       of {@link #OUTPUT_BYTES}
     */
    ProductProbe(
            WeightFormat format,
            CpuOps ops,
            LongSupplier clock,
            MemorySegment weights,
            MemorySegment x,
            MemorySegment y,
            Scratch scratch) {
        this.format = format;
        this.weights = weights;
        this.scratch = scratch;
        this.x = x;
        this.y = y;
        long each = format.bytesFor((long) ROWS * COLS);
        for (long at = 0; at + each <= weights.byteSize(); at += each) {
            Tensor t = new Tensor(weights.asSlice(at, each), format, ROWS, COLS);
            products.add(ops.bind(List.of(t), Numerics.FAST));
        }
        List<MatMul> some = products.subList(0, matrices());
        this.first = new Timer(clock, 0, () -> multiply(products.subList(0, 1), 1, COLS));
        this.one = new Timer(clock, 0, () -> multiply(products, 1, COLS));
        this.few = new Timer(clock, 0, () -> multiply(some, FEW, COLS));
        this.many = new Timer(clock, 0, () -> multiply(some, MANY, COLS));
        List<MatMul> thinOnes = List.of(matrix(ops, THIN, COLS));
        List<MatMul> narrowOnes = List.of(matrix(ops, ROWS, NARROW));
        this.thin = new Timer(clock, BUSY, () -> multiply(thinOnes, MANY, COLS));
        this.narrow = new Timer(clock, BUSY, () -> multiply(narrowOnes, MANY, NARROW));
        this.narrowFew = new Timer(clock, BUSY, () -> multiply(narrowOnes, FEW, NARROW));
    }

    private MatMul matrix(CpuOps ops, int rows, int cols) {
        Tensor t = new Tensor(weights.asSlice(0, rows * format.bytesFor(cols)), format, rows, cols);
        return ops.bind(List.of(t), Numerics.FAST);
    }

    /** A format without fast code is measured once, by one matrix: it multiplies many rows no faster than one. */
    void sample() {
        if (isKnown() && isSlow()) return;
        fill();
        first.sample();
        if (isSlow()) return;
        one.sample();
        few.sample();
        many.sample();
        thin.sample();
        narrow.sample();
        narrowFew.sample();
    }

    private boolean isKnown() {
        return Double.isFinite(first.least());
    }

    private boolean isSlow() {
        return format.bytesFor((long) ROWS * COLS) / first.least() < SLOW;
    }

    private void fill() {
        long mark = scratch.mark();
        MemorySegment row = scratch.floats(COLS);
        for (int i = 0; i < COLS; i++) Floats.set(row, i, (float) Math.sin(i * 1.7));
        long rowBytes = format.bytesFor(COLS);
        format.encode(row, 0, COLS, weights, 0);
        long whole = products.size() * rowBytes * ROWS;
        for (long done = rowBytes; done < whole; ) {
            long more = Math.min(done, whole - done);
            MemorySegment.copy(weights, 0, weights, done, more);
            done += more;
        }
        scratch.release(mark);
    }

    private void multiply(List<MatMul> some, int n, int cols) {
        for (MatMul product : some) {
            long mark = scratch.mark();
            product.run(new Activations(x.asSlice(0, 4L * n * cols), n, cols, scratch), y);
            scratch.release(mark);
        }
    }

    /** Bytes of weights a second with one row. */
    double vectorRate() {
        long each = format.bytesFor((long) ROWS * COLS);
        return isSlow() ? each / first.least() : products.size() * each / one.least();
    }

    /**
     * Of a matrix of R rows and C columns a row more takes {@code R C weight + C input + R output} seconds. Of three shapes
     * that is a system of three equations.
     */
    private record Row(double weight, double input, double output) {}

    private Row row() {
        if (isSlow()) return new Row(first.least() / ((long) ROWS * COLS), LEAST, LEAST);
        double whole = (many.least() - few.least()) / (MANY - FEW) / matrices();
        double thinOne = thin.least() / MANY;
        double narrowOne = (narrow.least() - narrowFew.least()) / (MANY - FEW);
        double ofRow = (whole - thinOne) / (ROWS - THIN); // of the matrix: COLS weights and an output
        double ofColumn = (whole - narrowOne) / (COLS - NARROW); // ROWS weights and an input
        double input = Math.max(LEAST, (thinOne - THIN * ofRow) / COLS);
        double weight = Math.max(LEAST, (ofColumn - input) / ROWS);
        return new Row(weight, input, Math.max(LEAST, ofRow - COLS * weight));
    }

    private int matrices() {
        return Math.min(MATRICES, products.size());
    }

    /** Operations a second that rows add, where there are many. */
    double matrixRate() {
        return 2 / row().weight();
    }

    /** Values of rows a second that are made ready for weights. */
    double inputRate() {
        return 1 / row().input();
    }

    /** Values a second that come out, beside their products. */
    double outputRate() {
        return 1 / row().output();
    }

    /** Weights a second that are made ready for rows. */
    double panelRate() {
        if (isSlow()) return 1 / LEAST;
        Row row = row();
        double weights = (double) ROWS * COLS;
        double rows = FEW * (row.weight() + row.input() / ROWS + row.output() / COLS);
        return 1 / Math.max(LEAST, few.least() / matrices() / weights - rows);
    }
}
