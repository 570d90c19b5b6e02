// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/**
 * Merges neighbours among the symbols of one piece, the pair of least rank first, the left one among equals; keeps its
 * arrays from piece to piece. n log n in the symbols.
 */
final class PairMerger {
    private final MergeTable merges;
    /** The symbol at a place, -1 where none is any more. */
    private int[] symbols = new int[64];

    private int[] next = new int[64];
    private int[] previous = new int[64];
    private int n;
    /** Rank << 32 | where the left symbol begins. What has changed since is seen when it comes up. */
    private final LongHeap queue = new LongHeap();

    PairMerger(MergeTable merges) {
        this.merges = merges;
    }

    /** A piece of at most so many symbols. */
    void begin(int most) {
        n = 0;
        if (symbols.length >= most) return;
        int room = Math.max(most, 2 * symbols.length);
        symbols = new int[room];
        next = new int[room];
        previous = new int[room];
    }

    void add(int symbol) {
        symbols[n++] = symbol;
    }

    int count() {
        return n;
    }

    /** Merges; then {@link #symbol} and {@link #next} walk from place 0 to {@link #count}. */
    void merge() {
        for (int i = 0; i < n; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i < n - 1; i++) propose(i);
        while (!queue.isEmpty()) {
            long key = queue.pop();
            int i = (int) key;
            int rank = rank(i);
            if (rank < 0 || rank != key >> 32) continue;
            int gone = next[i];
            symbols[i] = merges.merged(rank);
            symbols[gone] = -1;
            next[i] = next[gone];
            if (next[i] < n) previous[next[i]] = i;
            if (previous[i] >= 0) propose(previous[i]);
            propose(i);
        }
    }

    int symbol(int place) {
        return symbols[place];
    }

    /** The place behind the symbol at a place: it took all between. */
    int next(int place) {
        return next[place];
    }

    private int rank(int i) {
        return symbols[i] < 0 || next[i] >= n ? -1 : merges.rank(symbols[i], symbols[next[i]]);
    }

    private void propose(int i) {
        int rank = rank(i);
        if (rank >= 0) queue.push((long) rank << 32 | i);
    }
}
