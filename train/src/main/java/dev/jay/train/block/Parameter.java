// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import java.lang.foreign.MemorySegment;

/**
 * One tensor that is trained. Borrows both its segments.
 *
 * @param name     as a GGUF file names it
 * @param rows     1 for a vector
 * @param value    f32 [rows][cols]
 * @param gradient f32 [rows][cols], added to by every backward pass
 */
public record Parameter(String name, int rows, int cols, MemorySegment value, MemorySegment gradient) {
    public long count() {
        return (long) rows * cols;
    }

    /** Vectors are norms' gains: no decay, no projection. */
    public boolean isMatrix() {
        return rows > 1;
    }
}
