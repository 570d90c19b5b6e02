// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import java.lang.foreign.MemorySegment;

/** A matrix some rows at a time. */
public interface TrainRows {
    int rows();

    int cols();

    /** Bytes of room that {@link #values} needs for so many rows; 0 if they lie in memory as f32. */
    long roomBytes(int count);

    /** f32 [count][cols], borrowed: from the room, or where they lie. */
    MemorySegment values(int from, int count, MemorySegment room);

    /** Of all rows, f32; null where they are frozen. */
    MemorySegment gradient();
}
