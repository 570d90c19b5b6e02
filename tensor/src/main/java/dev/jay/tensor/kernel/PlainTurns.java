// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.WeightFormat;
import java.lang.foreign.MemorySegment;

/** One operation after the other. With those of {@link ScalarRows} it is the definition. */
record PlainTurns(Shape shape, RowKernels kernels) implements TurnKernel {
    @Override
    public void run(long rows, int n, long bias, long angles, long to) {
        if (shape.isBiased()) kernels.addBias(rows, bias, n, shape.width());
        if (shape.dim() > 0) {
            kernels.rotateEach(rows, n, shape.width(), shape.dim(), angles, shape.interleaved());
        }
        WeightFormat format = shape.to();
        if (!format.name().equals("f32")) {
            for (int r = 0; r < n; r++) {
                long from = rows + 4L * r * shape.width();
                format.encode(Raw.ALL, from, shape.width(), Raw.ALL, to + r * format.bytesFor(shape.width()));
            }
        } else if (to != rows) {
            MemorySegment.copy(Raw.ALL, rows, Raw.ALL, to, 4L * n * shape.width());
        }
    }
}
