// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/** One row of {@code weight[vocabulary][dim]} for each token, times {@code scale}. */
public record Embedding(Ops ops, Matrix weight, float scale) {
    /** x[tokens][dim] */
    public void run(int[] tokens, MemorySegment x) {
        for (int row = 0; row < tokens.length; row++) {
            if (tokens[row] < 0 || tokens[row] >= weight.rows()) {
                throw new IllegalArgumentException(
                        "embedding: token=" + tokens[row] + " at row=" + row + ", allowed=[0, " + weight.rows() + ")");
            }
        }
        long rowBytes = 4L * weight.cols();
        ops.forEach(tokens.length, (row, worker) -> weight.decodeRow(tokens[row], x, row * rowBytes));
        if (scale != 1) ops.scale(x, scale, (long) tokens.length * weight.cols());
    }
}
