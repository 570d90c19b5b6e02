// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.kernel.Gemm;
import java.lang.foreign.MemorySegment;

/** One block of the model with its gradient written out. Keeps nothing itself: what backward needs is saved outside. */
public interface TrainBlock {
    /** Bytes that {@link #forward} saves for so many rows. */
    long savedBytes(int rows);

    /** Bytes of working space, the greater of both directions. */
    long scratchBytes(int sequences, int length);

    /** Of its products, all but those that a worker alone makes. */
    Gemm.Room room(int rows);

    /** Of the products that a worker alone makes, for sequences of that length. */
    default Gemm.Room workerRoom(int length) {
        return Gemm.Room.NONE;
    }

    /**
     * x[rows][dim] += f(x).
     *
     * @param saved {@link #savedBytes}, for {@link #backward}
     */
    void forward(TrainPass pass, MemorySegment x, MemorySegment saved);

    /** Adds to the gradients of its parameters. dx[rows][dim]: of the output on entry, of the input on return. */
    void backward(TrainPass pass, MemorySegment dx, MemorySegment saved);
}
