// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.pool;

import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Range;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.function.BooleanSupplier;

/**
 * Equal pages cut from one range of addresses. A page has holders, counted; the last to release it frees it. Memory comes
 * and goes in blocks of some pages: a block is committed when the first of its pages is leased and given back when the
 * last is free. The lowest free page is leased first, so that pages in use lie together and blocks empty. Confined to the
 * engine thread. Owns its range.
 */
public final class PagePool implements AutoCloseable {
    /** What a block holds at least: fewer system calls for each byte that comes and goes. */
    public static final long LEAST_BLOCK = 256 << 10;

    private static final long OS_PAGE = 4096;

    private final Range range;
    private final long pageBytes;
    private final int blockPages;
    private final int[] holders;
    private final int[] blockHeld; // pages of each block that are held
    private final BitSet free = new BitSet();
    private int freeCount;
    private BooleanSupplier whenShort = () -> false;

    /** @param pageBytes a multiple of 64, so that every page begins on a cache line */
    public PagePool(Memory memory, int pages, long pageBytes) {
        this(memory, pages, pageBytes, LEAST_BLOCK);
    }

    /** @param leastBlock as {@link #LEAST_BLOCK}; {@link Memory#HUGE_PAGE} asks for huge pages where pages divide it */
    public PagePool(Memory memory, int pages, long pageBytes, long leastBlock) {
        if (pages < 0 || pageBytes < 64 || pageBytes % 64 != 0) {
            throw new IllegalArgumentException("kv page pool: pages=" + pages + ", pageBytes=" + pageBytes
                    + ", allowed: pages >= 0, pageBytes a multiple of 64");
        }
        this.pageBytes = pageBytes;
        this.blockPages = blockPages(pageBytes, leastBlock);
        this.range = memory.range("kv-pages", Math.multiplyExact(pages, pageBytes), blockPages * pageBytes);
        this.holders = new int[pages];
        this.blockHeld = new int[range.blocks()];
        this.freeCount = pages;
        free.set(0, pages);
    }

    /** As few as come to whole pages of the system's, and to a size worth a system call. */
    private static int blockPages(long pageBytes, long leastBlock) {
        long step = OS_PAGE / Math.min(OS_PAGE, Long.lowestOneBit(pageBytes)); // pages that come to whole system pages
        return Math.toIntExact(step * Math.ceilDiv(leastBlock, step * pageBytes));
    }

    /** @param frees called while no page is free: lets go of some, or says that there are none to let go of */
    public void whenShort(BooleanSupplier frees) {
        whenShort = frees;
    }

    /** A page with one holder. Its bytes are whatever they were. */
    public int lease() {
        while (freeCount == 0 && whenShort.getAsBoolean()) {}
        int page = free.nextSetBit(0);
        if (page < 0) {
            throw new IllegalStateException(
                    "kv pages exhausted: the scheduler must leave room, pages=" + holders.length);
        }
        int block = page / blockPages;
        if (blockHeld[block] == 0) range.commit(block);
        blockHeld[block]++;
        free.clear(page);
        freeCount--;
        holders[page] = 1;
        return page;
    }

    public void retain(int page) {
        if (holders[page] == 0) throw new IllegalStateException("kv page retained while free: page=" + page);
        holders[page]++;
    }

    public void release(int page) {
        if (holders[page] == 0) throw new IllegalStateException("kv page released twice: page=" + page);
        if (--holders[page] > 0) return;
        free.set(page);
        freeCount++;
        int block = page / blockPages;
        if (--blockHeld[block] == 0) range.giveBack(block);
    }

    /** Whether more than one holds it: then nobody may write to it. */
    public boolean isShared(int page) {
        return holders[page] > 1;
    }

    public MemorySegment bytes(int page) {
        return range.bytes().asSlice(page * pageBytes, pageBytes);
    }

    /** Where a page begins: a multiple of 64 if {@link #pageBytes} is. Good until the pool is closed. */
    public long address(int page) {
        return range.bytes().address() + page * pageBytes;
    }

    public long pageBytes() {
        return pageBytes;
    }

    /** Bytes of memory that the pages hold now: whole blocks. */
    public long committedBytes() {
        return range.committedBytes();
    }

    public int free() {
        return freeCount;
    }

    public int size() {
        return holders.length;
    }

    /** The law of the pool: every page is free or held, never both, never neither; memory is where pages are held. */
    public void check() {
        int held = 0;
        int[] inBlock = new int[blockHeld.length];
        for (int page = 0; page < holders.length; page++) {
            if (holders[page] > 0 == free.get(page)) throw new IllegalStateException("kv page lost: page=" + page);
            if (holders[page] == 0) continue;
            held++;
            inBlock[page / blockPages]++;
        }
        if (held + freeCount != holders.length) {
            throw new IllegalStateException(
                    "kv page leak: held=" + held + ", free=" + freeCount + ", size=" + holders.length);
        }
        for (int b = 0; b < inBlock.length; b++) {
            if (inBlock[b] != blockHeld[b] || inBlock[b] > 0 != range.isCommitted(b)) {
                throw new IllegalStateException("kv block out of step: block=" + b + ", held=" + inBlock[b]
                        + ", counted=" + blockHeld[b] + ", committed=" + range.isCommitted(b));
            }
        }
    }

    @Override
    public void close() {
        range.close();
    }
}
