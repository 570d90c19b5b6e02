// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import java.lang.foreign.MemorySegment;

/** Brings rows to a common size. */
public interface Norm {
    /** out = norm(x) for {@code rows} rows of its width; out may be x. */
    void run(MemorySegment x, MemorySegment out, int rows);
}
