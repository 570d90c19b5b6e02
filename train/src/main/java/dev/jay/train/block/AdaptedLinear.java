// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * y = x . w' + bias + scale * (x . a') . b' (LoRA: Hu and others 2021; over coded weights QLoRA: Dettmers and others
 * 2023). w is frozen: some rows of it at a time are decoded, for y and again for the gradient of x.
 *
 * @param bias f32 [rows], frozen; null for none
 * @param a    [rank][cols]; null where nothing is trained here
 * @param b    [rows][rank]
 */
record AdaptedLinear(Ops ops, Gemm gemm, FrozenRows w, MemorySegment bias, Parameter a, Parameter b, float scale)
        implements LinearGradient {
    private static final int TILE = 1 << 20; // values that are decoded at a time

    @Override
    public int rows() {
        return w.rows();
    }

    @Override
    public int cols() {
        return w.cols();
    }

    private int tile() {
        return Math.clamp(TILE / cols(), 1, rows());
    }

    @Override
    public long scratchBytes(int n) {
        long low = a == null ? 0 : 2 * Scratch.sizeOf(4L * n * a.rows());
        return Math.max(Scratch.sizeOf(w.roomBytes(tile())), low);
    }

    @Override
    public Gemm.Room room(int n) {
        Gemm.Room ofTiles = gemm.room(n, tile(), cols()).max(gemm.room(n, cols(), tile()));
        if (a == null) return ofTiles;
        int rank = a.rows();
        return ofTiles.max(gemm.room(n, rank, cols()))
                .max(gemm.room(n, rows(), rank))
                .max(gemm.room(rows(), rank, n))
                .max(gemm.room(n, rank, rows()))
                .max(gemm.room(rank, cols(), n))
                .max(gemm.room(n, cols(), rank));
    }

    private interface Work {
        /** @param values rows [from, from + count) of w */
        void tile(MemorySegment values, int from, int count);
    }

    private void forEachTile(Scratch scratch, Work work) {
        long mark = scratch.mark();
        MemorySegment room = scratch.take(w.roomBytes(tile()));
        for (int from = 0; from < rows(); from += tile()) {
            int count = Math.min(tile(), rows() - from);
            work.tile(w.values(from, count, room), from, count);
        }
        scratch.release(mark);
    }

    @Override
    public void forward(TrainPass pass, MemorySegment x, MemorySegment y, boolean add) {
        int n = pass.rows();
        Factor in = Factor.of(x, cols());
        forEachTile(pass.scratch(), (values, from, count) -> {
            Factor by = Factor.transposed(values, cols());
            gemm.run(n, count, cols(), in, by, y.asSlice(4L * from), rows(), add);
        });
        if (bias != null) ops.addBias(y, bias, n, rows());
        if (a == null) return;
        long mark = pass.scratch().mark();
        MemorySegment low = low(pass, x);
        gemm.run(
                n, rows(), a.rows(), Factor.of(low, a.rows()), Factor.transposed(b.value(), a.rows()), y, rows(), true);
        pass.scratch().release(mark);
    }

    /** scale * x . a', [n][rank]. */
    private MemorySegment low(TrainPass pass, MemorySegment x) {
        int rank = a.rows();
        MemorySegment low = pass.floats(rank);
        Factor by = Factor.transposed(a.value(), cols());
        gemm.run(pass.rows(), rank, cols(), Factor.of(x, cols()), by, low, rank, false);
        scale(low, (long) pass.rows() * rank);
        return low;
    }

    private void scale(MemorySegment x, long count) {
        for (long i = 0; i < count; i++) Floats.set(x, i, scale * Floats.get(x, i));
    }

    @Override
    public void backward(TrainPass pass, MemorySegment x, MemorySegment dy, MemorySegment dx, boolean add) {
        int n = pass.rows();
        forEachTile(pass.scratch(), (values, from, count) -> {
            Factor out = Factor.of(dy.asSlice(4L * from), rows());
            gemm.run(n, cols(), count, out, Factor.of(values, cols()), dx, cols(), add || from > 0);
        });
        if (a == null) return;
        int rank = a.rows();
        long mark = pass.scratch().mark();
        MemorySegment low = low(pass, x);
        MemorySegment dLow = pass.floats(rank);
        gemm.run(rows(), rank, n, Factor.transposed(dy, rows()), Factor.of(low, rank), b.gradient(), rank, true);
        gemm.run(n, rank, rows(), Factor.of(dy, rows()), Factor.of(b.value(), rank), dLow, rank, false);
        scale(dLow, (long) n * rank);
        gemm.run(rank, cols(), n, Factor.transposed(dLow, rank), Factor.of(x, cols()), a.gradient(), cols(), true);
        gemm.run(n, cols(), rank, Factor.of(dLow, rank), Factor.of(a.value(), cols()), dx, cols(), true);
        pass.scratch().release(mark);
    }
}
