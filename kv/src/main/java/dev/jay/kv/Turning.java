// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.lang.foreign.MemorySegment;

/**
 * How positions turn the keys of a layer, for those that are kept as they were before and turned when they are read. What
 * it gives depends on keys and positions alone. Called by many threads at once.
 */
public interface Turning {
    /** Turns dense f32 keys of one head, from byte offset {@code at} on, that stand at positions [from, from + count). */
    void turn(MemorySegment keys, long at, int width, int from, int count);
}
