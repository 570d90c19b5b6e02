// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.Candidates;
import dev.jay.kv.pool.PagePool;
import dev.jay.model.HiddenRows;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Runs passes and keeps what they leave behind: here, across a cluster, or only in a clock (the simulator is an engine
 * whose Forward computes nothing, so what it measures is the real scheduler). Confined to the engine thread.
 */
public interface Forward extends AutoCloseable {
    /**
     * One sequence's share of a pass: tokens[from, from + count), which follow what its cache holds.
     *
     * @param tokens     borrowed
     * @param logitsFrom logits are wanted after tokens [logitsFrom, from + count); none where it is from + count
     * @param hidden     gets the rows of all its tokens when they are computed, and again if the pass is repeated; null if nobody wants them
     * @param adapters   that they run with
     */
    record Slice(
            SequenceCache cache,
            int[] tokens,
            int from,
            int count,
            int logitsFrom,
            HiddenRows hidden,
            AdapterMix adapters) {
        public Slice(SequenceCache cache, int[] tokens, int from, int count, int logitsFrom) {
            this(cache, tokens, from, count, logitsFrom, null, AdapterMix.NONE);
        }

        public int rows() {
            return from + count - logitsFrom;
        }
    }

    int vocabulary();

    /** The most tokens of one pass. */
    int mostTokens();

    /** The most rows of logits of one pass, and so the most sequences that can decode together. */
    int mostRows();

    /** The KV pages. Borrowed. */
    PagePool pool();

    /** The most pages a sequence of this many tokens can hold. */
    int pagesFor(int tokens, Numerics numerics);

    /** Tokens after which the pages of every stream end together: what is shared is shared in such strides. */
    int strideTokens(Numerics numerics);

    /** The pages of such a stride that are shared. */
    default int stridePages(Numerics numerics) {
        return pagesFor(strideTokens(numerics), numerics);
    }

    /** Whether sequences forget tokens: then keys and values are no function of the tokens alone, and nothing is shared. */
    default boolean forgets(Numerics numerics) {
        return false;
    }

    /**
     * The most tokens of a prompt that all run; of a longer one some run only, so nothing is known of most of its tokens:
     * neither scores nor rows.
     */
    default int mostUnfiltered(Numerics numerics) {
        return Integer.MAX_VALUE;
    }

    /**
     * Up to which place keys and values follow from the tokens alone, where the last prompt ends after so many: beyond, what
     * queries read depends on that, and nothing is shared.
     */
    default int pure(Numerics numerics, int promptEnd) {
        return Integer.MAX_VALUE;
    }

    /** An empty cache. The caller closes it. */
    SequenceCache open(Numerics numerics);

    /**
     * Returns logits[rows of all slices, in order][vocabulary], f32; borrowed until the next call. The caches hold the
     * slices' tokens afterwards; if it throws they hold what they held before.
     */
    MemorySegment run(Numerics numerics, List<Slice> slices);

    /** As {@link Candidates#greatest}, of a row of what {@link #run} returned. */
    default int greatest(MemorySegment row) {
        return Candidates.greatest(row, vocabulary());
    }

    @Override
    void close();
}
