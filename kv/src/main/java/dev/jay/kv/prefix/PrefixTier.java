// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import java.lang.foreign.MemorySegment;

/**
 * Where prefixes go that give way in memory, and come back from: slower, larger, and it may outlive the process. A copy
 * stays when one is read back, so that giving way again writes nothing. Called on the engine thread; works on others.
 */
public interface PrefixTier extends AutoCloseable {
    /** Nothing goes there. */
    PrefixTier NONE = new PrefixTier() {
        @Override
        public void demote(PrefixKey before, int[] tokens, int[] pages, boolean wait) {}

        @Override
        public Chunk find(PrefixKey before, int... following) {
            return null;
        }

        @Override
        public Reading read(Chunk chunk) {
            return null;
        }

        @Override
        public Stats stats() {
            return Stats.NONE;
        }

        @Override
        public void close() {}
    };

    /** A stride that the tier has. */
    interface Chunk {
        /** Borrowed. */
        int[] tokens();

        /** How many pages hold its rows. */
        int pages();
    }

    /** A stride on its way back. */
    interface Reading extends AutoCloseable {
        boolean isDone();

        /** Page after page; null if what was read is not what was written. Good until closed. */
        MemorySegment bytes();

        @Override
        void close();
    }

    /**
     * @param bytes   that the tier takes
     * @param chunks  strides it has
     * @param written strides that were demoted since the start
     * @param read    strides that were promoted since the start
     * @param dropped strides that were not kept because it was busy, or not sound when they were read
     */
    record Stats(long bytes, int chunks, long written, long read, long dropped) {
        public static final Stats NONE = new Stats(0, 0, 0, 0, 0);
    }

    /**
     * Takes a copy of a stride that gives way, unless it has one.
     *
     * @param before the prefix that the tokens follow
     * @param pages  good during the call
     * @param wait   whether to wait while it is busy; else the stride is dropped then
     */
    void demote(PrefixKey before, int[] tokens, int[] pages, boolean wait);

    /** Of the strides that follow the prefix, the one that begins with most of these tokens; null if none does. */
    Chunk find(PrefixKey before, int... following);

    /** Begins to read a stride; null while too many are being read. */
    Reading read(Chunk chunk);

    Stats stats();

    /** What of it is worth reading. */
    default Recall recall() {
        return Recall.ALWAYS;
    }

    /** Waits until what was demoted is written. */
    @Override
    void close();
}
