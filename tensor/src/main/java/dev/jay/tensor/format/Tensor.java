// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;

/** A matrix whose bytes stay where they are. Borrowed: whoever owns the bytes outlives it. A vector is one row. */
public record Tensor(MemorySegment bytes, WeightFormat format, int rows, int cols) implements Matrix {
    public Tensor {
        long wanted = rows * format.bytesFor(cols);
        if (bytes.byteSize() != wanted) {
            throw new IllegalArgumentException("tensor is the wrong size: format=" + format.name() + ", rows=" + rows
                    + ", cols=" + cols + ", wanted=" + wanted + " bytes, got=" + bytes.byteSize());
        }
    }
}
