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

    /** How the stream's rows are coded. */
    KvRecipe recipe(int stream);

    /** Where rows lie in a page of the stream. Slot s of the sequence is slot s % slots of page s / slots. */
    PageLayout layout(int stream);

    /**
     * For each page p that holds some of slots [from, to): writes the address of the head's part of it to
     * {@code into[p]}. Good until the sequence next changes.
     */
    void addresses(int stream, int head, int from, int to, long[] into);
}
