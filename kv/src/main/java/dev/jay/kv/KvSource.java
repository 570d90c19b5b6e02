// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.lang.foreign.MemorySegment;

/**
 * Where attention finds the keys and values of one sequence: its cache, or (encoders, training) the batch itself.
 * Confined to the engine thread.
 */
public interface KvSource {
    /**
     * Takes up rows for positions [position, position + count) of one stream: keys[count][heads][keyWidth] and
     * values[count][heads][valueWidth], f32, dense. Provisional until settled.
     */
    void append(int stream, int position, int count, MemorySegment keys, MemorySegment values);

    /** Tokens appended to the stream so far. */
    int length(int stream);
}
