// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import java.lang.foreign.MemorySegment;

/** Matrices that share an input, bound to the code that multiplies by them: one parallel region for all of them. */
public interface MatMul {
    /** y[i][n][rows of matrix i] = x[n][cols] . w[i], f32, dense. */
    void run(Activations x, MemorySegment... y);

    /** The most bytes that {@link #run} takes from the scratch of an input of up to n rows that no form was packed from yet. */
    long scratchBytes(int n);
}
