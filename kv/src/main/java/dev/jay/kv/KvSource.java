// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.Ops;
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

    /** The same, and many rows are coded side by side on these threads. */
    default void append(int stream, int position, int count, MemorySegment keys, MemorySegment values, Ops ops) {
        append(stream, position, count, keys, values);
    }

    /** Tokens appended to the stream so far. */
    int length(int stream);

    /**
     * Rows [from, to) of one head as f32, before they were sealed: where the recipe seals groups, of the group of the first
     * row of the pass and later ones.
     */
    default void recent(int stream, int head, int from, int to, HeadRows rows) {
        throw new UnsupportedOperationException("kv rows here are coded as they come");
    }

    /** Rows of slots [from, to) of one head as they are kept, decoded: whole groups where the recipe seals such. */
    default void coded(int stream, int head, int from, int to, HeadRows rows) {
        throw new UnsupportedOperationException("kv rows here are read where they lie");
    }

    /** What scores of slots [from, to) of one head are raised by, f32 to {@code into} at a byte offset. */
    default void biases(int stream, int head, int from, int to, MemorySegment into, long at) {
        throw new UnsupportedOperationException("kv rows here count for one each");
    }

    /** How many tokens before the pass's a head no longer has: slot s of the pass's rows is position s plus so many. */
    default int forgotten(int stream, int head) {
        return 0;
    }

    /** The first position of a pass that ends before {@code to} whose query it wants to {@link #see}; {@code to}: none. */
    default int watchedFrom(int stream, int to) {
        return to;
    }

    /** Before queries of a pass are shown. */
    default void beginSeeing(int stream) {}

    /** What queries of a pass attended to, when that is done; for heads of a stream side by side. */
    default void see(int stream, int head, SeenQueries seen) {
        throw new UnsupportedOperationException("nothing here looks at queries");
    }

    /** The first position whose query reads only what is selected for it. */
    default int selectsFrom(int stream) {
        return Integer.MAX_VALUE;
    }

    /** What is known of units of rows without reading them, where queries read some only. */
    default UnitSummaries summaries(int stream) {
        throw new UnsupportedOperationException("kv rows here are all read");
    }

    /** What is known of the prompt's attention, where its queries read some only; null: they read everything. */
    default PromptPatterns patterns(int stream) {
        return null;
    }

    /** How the stream's rows are coded. */
    KvRecipe recipe(int stream);

    /** Where rows lie in a page of the stream. Slot s of the sequence is slot s % slots of page s / slots. */
    PageLayout layout(int stream);

    /**
     * For each run r of slots ({@link PageLayout#run}) that holds some of [from, to): writes the address of the head's part
     * of it to {@code into[r]}. Good until the sequence next changes.
     */
    void addresses(int stream, int head, int from, int to, long[] into);
}
