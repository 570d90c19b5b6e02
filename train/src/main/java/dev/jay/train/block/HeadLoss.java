// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** The cross-entropy of a head's logits, which never exist as a whole, and its gradients. */
interface HeadLoss {
    /** Bytes of working space, beside the rows and their gradients. */
    long scratchBytes(int rows);

    /** Of its products. */
    Gemm.Room room(int rows);

    /**
     * The sum of -log(probability) of the targets.
     *
     * @param in      [targets][dim], what the head multiplies
     * @param dIn     set to the gradient of {@code weight} times that sum by {@code in}; null if nobody wants gradients
     * @param targets one a row; a negative one counts nothing
     */
    double run(MemorySegment in, MemorySegment dIn, int[] targets, float weight, Scratch scratch);
}
