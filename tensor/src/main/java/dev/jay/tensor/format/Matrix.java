// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;

/**
 * {@code rows} rows of {@code cols} weights in one format, row after row. The bytes may lie elsewhere each time the
 * layer is held (weights that are streamed), so they are asked for at every use and never kept.
 */
public interface Matrix {
    WeightFormat format();

    int rows();

    int cols();

    /** Borrowed; valid while the layer is held. */
    MemorySegment bytes();

    default long rowBytes() {
        return format().bytesFor(cols());
    }

    /** Decodes one row to {@code cols} floats at byte offset {@code at}. */
    default void decodeRow(long row, MemorySegment to, long at) {
        format().decode(bytes(), row * rowBytes(), cols(), to, at);
    }
}
