// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Anonymous memory of the operating system: addresses first, memory behind a page when it is first written, and none any
 * more once it was given back.
 */
interface Addresses {
    /** The unit of {@link #giveBack}, in bytes. */
    long PAGE = 4096;

    /** A lookup, made once and at the first use: linking to the C library takes milliseconds. */
    static Addresses ofThisSystem() {
        return Chosen.ADDRESSES;
    }

    /** Zeroed bytes, aligned to {@link #PAGE}; closing the arena gives all of them back. */
    MemorySegment map(long bytes, Arena arena);

    /** False if mapping takes the memory at once and only closing gives it back. */
    boolean isLate();

    /** Whole pages of a mapping hold no memory from here on; they read as zero. Nothing where not {@link #isLate}. */
    void giveBack(MemorySegment pages);

    /** Whole pages of a mapping are backed by huge pages from here on, or never: advice, and no failure if not taken. */
    void adviseHuge(MemorySegment pages, boolean huge);

    /** Holds the choice until it is wanted. */
    final class Chosen {
        private static final Addresses ADDRESSES =
                Files.exists(Path.of("/proc/self/statm")) ? new LinuxAddresses() : new WholeAddresses();

        private Chosen() {}
    }
}
