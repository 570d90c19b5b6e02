// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/** A matrix of a file, in whatever format: decoded where it is used, never changed. */
record FrozenRows(Ops ops, Matrix matrix) implements TrainRows {
    private static final int AT_ONCE = 8; // rows, by one thread

    @Override
    public int rows() {
        return matrix.rows();
    }

    @Override
    public int cols() {
        return matrix.cols();
    }

    @Override
    public long roomBytes(int count) {
        return 4L * count * cols();
    }

    @Override
    public MemorySegment values(int from, int count, MemorySegment room) {
        ops.forEach(Math.ceilDiv(count, AT_ONCE), (chunk, worker) -> {
            int end = Math.min(count, (chunk + 1) * AT_ONCE);
            for (int i = chunk * AT_ONCE; i < end; i++) matrix.decodeRow(from + i, room, 4L * i * cols());
        });
        return room.asSlice(0, roomBytes(count));
    }

    @Override
    public MemorySegment gradient() {
        return null;
    }
}
