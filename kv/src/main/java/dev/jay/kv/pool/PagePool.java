// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.pool;

import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;

/**
 * Equal pages cut from one region. A page has holders, counted; the last to release it frees it. Confined to the engine
 * thread. Owns its region.
 */
public final class PagePool implements AutoCloseable {
    private final Region region;
    private final long pageBytes;
    private final int[] holders;
    private final int[] free;
    private int freeCount;

    /** @param pageBytes a multiple of 64, so that every page begins on a cache line */
    public PagePool(Memory memory, int pages, long pageBytes) {
        if (pages < 0 || pageBytes < 64 || pageBytes % 64 != 0) {
            throw new IllegalArgumentException("kv page pool: pages=" + pages + ", pageBytes=" + pageBytes
                    + ", allowed: pages >= 0, pageBytes a multiple of 64");
        }
        this.region = memory.reserve("kv-pages", Math.multiplyExact(pages, pageBytes));
        this.pageBytes = pageBytes;
        this.holders = new int[pages];
        this.free = new int[pages];
        for (int p = pages - 1; p >= 0; p--) free[freeCount++] = p;
    }

    /** A page with one holder. Its bytes are whatever they were. */
    public int lease() {
        if (freeCount == 0) {
            throw new IllegalStateException(
                    "kv pages exhausted: the scheduler must leave room, pages=" + holders.length);
        }
        int page = free[--freeCount];
        holders[page] = 1;
        return page;
    }

    public void retain(int page) {
        if (holders[page] == 0) throw new IllegalStateException("kv page retained while free: page=" + page);
        holders[page]++;
    }

    public void release(int page) {
        if (holders[page] == 0) throw new IllegalStateException("kv page released twice: page=" + page);
        if (--holders[page] == 0) free[freeCount++] = page;
    }

    public MemorySegment bytes(int page) {
        return region.bytes().asSlice(page * pageBytes, pageBytes);
    }

    /** Where a page begins: a multiple of 64 if {@link #pageBytes} is. Good until the pool is closed. */
    public long address(int page) {
        return region.bytes().address() + page * pageBytes;
    }

    public long pageBytes() {
        return pageBytes;
    }

    public int free() {
        return freeCount;
    }

    public int size() {
        return holders.length;
    }

    /** The law of the pool: every page is free or held, never both, never neither. */
    public void check() {
        int held = 0;
        for (int h : holders) if (h > 0) held++;
        if (held + freeCount != holders.length) {
            throw new IllegalStateException(
                    "kv page leak: held=" + held + ", free=" + freeCount + ", size=" + holders.length);
        }
    }

    @Override
    public void close() {
        region.close();
    }
}
