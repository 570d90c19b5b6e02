// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import java.lang.foreign.MemorySegment;

/** A matrix that is trained whole. */
record TrainedLinear(Gemm gemm, Parameter w) implements LinearGradient {
    @Override
    public int rows() {
        return w.rows();
    }

    @Override
    public int cols() {
        return w.cols();
    }

    @Override
    public long scratchBytes(int n) {
        return 0;
    }

    @Override
    public Gemm.Room room(int n) {
        return gemm.room(n, rows(), cols()).max(gemm.room(n, cols(), rows())).max(gemm.room(rows(), cols(), n));
    }

    @Override
    public void forward(TrainPass pass, MemorySegment x, MemorySegment y, boolean add) {
        Factor in = Factor.of(x, cols());
        gemm.run(pass.rows(), rows(), cols(), in, Factor.transposed(w.value(), cols()), y, rows(), add);
    }

    /** dx (+)= dy . w, and dy' . x is added to the gradient of w. */
    @Override
    public void backward(TrainPass pass, MemorySegment x, MemorySegment dy, MemorySegment dx, boolean add) {
        int n = pass.rows();
        gemm.run(n, cols(), rows(), Factor.of(dy, rows()), Factor.of(w.value(), cols()), dx, cols(), add);
        Factor across = Factor.transposed(dy, rows());
        gemm.run(rows(), cols(), n, across, Factor.of(x, cols()), w.gradient(), cols(), true);
    }
}
