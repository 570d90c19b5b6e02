// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.kernel.Gemm;
import java.lang.foreign.MemorySegment;

/** y[n][rows] = x[n][cols] . w[rows][cols]', n the rows of the pass, and its gradients. Keeps nothing itself. */
public interface LinearGradient {
    int rows();

    int cols();

    /** Bytes of working space of either direction, for n rows. */
    long scratchBytes(int n);

    /** Of its products of either direction, for n rows. */
    Gemm.Room room(int n);

    /** @param add to what y holds */
    void forward(TrainPass pass, MemorySegment x, MemorySegment y, boolean add);

    /** dx (+)= the gradient of x; that of whatever is trained here is added to it. */
    void backward(TrainPass pass, MemorySegment x, MemorySegment dy, MemorySegment dx, boolean add);
}
