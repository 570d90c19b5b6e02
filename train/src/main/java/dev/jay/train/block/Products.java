// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import java.lang.foreign.MemorySegment;

/** y[n][rows] = x[n][cols] . w[rows][cols]' and its two gradients. */
record Products(Gemm gemm) {
    /** @param add to what y holds */
    void forward(Parameter w, MemorySegment x, int n, MemorySegment y, boolean add) {
        gemm.run(
                n,
                w.rows(),
                w.cols(),
                Factor.of(x, w.cols()),
                Factor.transposed(w.value(), w.cols()),
                y,
                w.rows(),
                add);
    }

    /** dx (+)= dy . w, and dy' . x is added to the gradient of w. */
    void backward(Parameter w, MemorySegment x, MemorySegment dy, int n, MemorySegment dx, boolean add) {
        gemm.run(n, w.cols(), w.rows(), Factor.of(dy, w.rows()), Factor.of(w.value(), w.cols()), dx, w.cols(), add);
        gemm.run(
                w.rows(),
                w.cols(),
                n,
                Factor.transposed(dy, w.rows()),
                Factor.of(x, w.cols()),
                w.gradient(),
                w.cols(),
                true);
    }
}
