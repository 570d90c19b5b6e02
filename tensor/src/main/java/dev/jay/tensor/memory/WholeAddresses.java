// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Where the system's calls are not known: memory is taken whole, and the books say so. */
final class WholeAddresses implements Addresses {
    @Override
    public MemorySegment map(long bytes, Arena arena) {
        return arena.allocate(bytes, PAGE);
    }

    @Override
    public boolean isLate() {
        return false;
    }

    @Override
    public void giveBack(MemorySegment pages) {}

    @Override
    public void adviseHuge(MemorySegment pages, boolean huge) {}
}
