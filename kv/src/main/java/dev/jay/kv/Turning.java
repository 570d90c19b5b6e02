// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.RowKernels;
import java.lang.foreign.MemorySegment;

/**
 * How positions turn the keys of a layer, for those that are kept as they were before and turned when they are read. What
 * it gives depends on positions alone. Called by many threads at once.
 */
public interface Turning {
    /** Channels of a key that are turned: the first ones, an even number. */
    int dim();

    /** Whether pairs are neighbours; else they are half of {@link #dim} apart. */
    boolean interleaved();

    /**
     * Writes the angles of positions [from, from + count), each as {@code dim / 2} pairs of cosine and sine, f32, at byte
     * offset {@code at}; there is room for those of one position more, which it may use.
     */
    void angles(int from, int count, MemorySegment to, long at, RowKernels rows);
}
