// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.lang.foreign.MemorySegment;

/** The keys, or the values, of sealed slots on their way to attention, some at a time. Called by many threads at once. */
interface SealedSide {
    /**
     * Where a worker works.
     *
     * @param room   that all offsets are in
     * @param common offset of what {@link #lay} has laid, which all workers read
     * @param work   offset of {@link #workBytes} of its own
     * @param rows   offset of where rows go that attention reads
     * @param kernel address of working space for one call of a kernel
     */
    record Desk(MemorySegment room, long common, long work, long rows, long kernel) {
        long address(long offset) {
            return room.address() + offset;
        }
    }

    /** Values of a row that attention reads. */
    int width();

    long rowBytes();

    /** Bytes of working space, beside rows, for so many slots. */
    long workBytes(int slots);

    /** Bytes of working space for one call of a kernel. */
    long kernelBytes();

    /** Bytes of what all workers read. */
    default long commonBytes() {
        return 0;
    }

    /** A head's part of it. */
    default void lay(int head, Desk desk) {}

    /** Does what serves all heads. */
    default void share(SealedSlots slots, Desk desk) {}

    /** A head's rows, if {@link #share} has not given them already. */
    default void rows(SealedSlots slots, int head, Desk desk) {}

    /** Whether attention mixes something else than values, of which {@link #finish} makes them. */
    default boolean isMixed() {
        return false;
    }

    /** @param mixed address of n rows of {@link #width}; values go to {@code to} */
    default void finish(int head, long mixed, int n, long to, Desk desk) {}
}
