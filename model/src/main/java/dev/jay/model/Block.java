// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import java.lang.foreign.MemorySegment;

/** One residual step: x[n][dim] += f(x). Its weights are read while its layer is held, and only then. */
public interface Block {
    void run(Pass pass, MemorySegment x);

    /** Bytes that {@link #run} takes from the pass's scratch, and gives back, for n rows. */
    long scratchBytes(int n);
}
