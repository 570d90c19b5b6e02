// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.RowKernels;
import dev.jay.tensor.kernel.TurnKernel;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** f32 rows become what attention reads: turned by their positions where they are kept unturned, and rounded. */
final class RowTurns {
    private final RowKernels kernels;
    private final TurnKernel kernel;
    private final Turning turning; // null: none
    private final TurnKernel.Shape shape;

    /** @param isBiased whether rows want a bias first */
    RowTurns(Ops ops, Turning turning, int width, boolean isBiased, WeightFormat to) {
        int dim = turning == null ? 0 : turning.dim();
        this.kernels = ops.rowOperations();
        this.turning = turning;
        this.shape = new TurnKernel.Shape(width, dim, turning != null && turning.interleaved(), isBiased, to);
        this.kernel = ops.turns(shape);
    }

    /** Whether rows become something else than f32, and so must be elsewhere first. */
    boolean rounds() {
        return !shape.to().name().equals("f32");
    }

    long rowBytes() {
        return shape.to().bytesFor(shape.width());
    }

    /** Bytes of the angles of so many positions. */
    long angleBytes(int slots) {
        return turning == null ? 0 : Scratch.sizeOf(4L * (slots + 1) * turning.dim());
    }

    /** Of positions [from, from + count), to offset {@code at}. */
    void angles(int from, int count, MemorySegment room, long at) {
        if (turning != null) turning.angles(from, count, room, at, kernels);
    }

    /**
     * All addresses. Rows that stay f32 may stay where they are; they are spent.
     *
     * @param angles of the first of n rows, as {@link #angles} wrote them for it and those after it
     */
    void run(long rows, int n, long bias, long angles, long to) {
        kernel.run(rows, n, bias, angles, to);
    }

    /** From one row's angles to the next's. */
    long angleRow() {
        return 4L * shape.dim();
    }
}
