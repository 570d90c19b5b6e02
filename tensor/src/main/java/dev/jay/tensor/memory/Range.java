// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Addresses for a known most, and memory behind them block by block: {@link #commit} before a block is written,
 * {@link #giveBack} when it is wanted no more. The whole range is promised by its {@link Memory}, so a commit cannot be
 * refused; the books count what is committed. Confined to one thread, as its user is. Owns its bytes.
 *
 * <p>Mechanism: vAttention (reserved virtual memory, physical memory on demand), with the kernel's own paging.
 */
public final class Range implements AutoCloseable {
    private final Memory memory;
    private final Addresses addresses;
    private final Region region;
    private final long blockBytes;
    private final BitSet committed = new BitSet();

    Range(Memory memory, Addresses addresses, Region region, long blockBytes) {
        this.memory = memory;
        this.addresses = addresses;
        this.region = region;
        this.blockBytes = blockBytes;
        if (addresses.isLate()) addresses.adviseHuge(region.bytes(), blockBytes % Memory.HUGE_PAGE == 0);
    }

    /** Borrowed. Blocks that are not committed must not be touched: they would be resident and in no book. */
    public MemorySegment bytes() {
        return region.bytes();
    }

    public int blocks() {
        return Math.toIntExact(Math.ceilDiv(region.size(), blockBytes));
    }

    public long blockBytes() {
        return blockBytes;
    }

    /** Bytes committed now; all of them where memory cannot be taken late. */
    public long committedBytes() {
        return region.committed();
    }

    public boolean isCommitted(int block) {
        return committed.get(block);
    }

    /** The block may be written from here on; it reads as zero until it is. */
    public void commit(int block) {
        MemorySegment bytes = block(block);
        if (committed.get(block)) throw new IllegalStateException("committed twice: " + shown(block));
        committed.set(block);
        if (addresses.isLate()) memory.commit(region, bytes.byteSize());
    }

    /** The block's memory is the system's again, and its contents are gone. */
    public void giveBack(int block) {
        MemorySegment bytes = block(block);
        if (!committed.get(block)) throw new IllegalStateException("given back while not committed: " + shown(block));
        committed.clear(block);
        if (!addresses.isLate()) return;
        addresses.giveBack(bytes);
        memory.commit(region, -bytes.byteSize());
    }

    private MemorySegment block(int block) {
        if (block < 0 || block >= blocks()) {
            throw new IndexOutOfBoundsException("no such block: " + shown(block) + ", blocks=" + blocks());
        }
        long from = block * blockBytes;
        return region.bytes().asSlice(from, Math.min(blockBytes, region.size() - from));
    }

    private String shown(int block) {
        return "purpose=" + region.purpose() + ", block=" + block;
    }

    @Override
    public void close() {
        region.close();
    }

    static Range of(Memory memory, Addresses addresses, String purpose, long bytes, long blockBytes) {
        if (blockBytes < Addresses.PAGE || blockBytes % Addresses.PAGE != 0) {
            throw new IllegalArgumentException(
                    "range " + purpose + ": blockBytes=" + blockBytes + ", allowed: a multiple of " + Addresses.PAGE);
        }
        Arena arena = Arena.ofShared();
        MemorySegment segment = Memory.mapped(addresses, purpose, bytes, arena);
        Region region = new Region(memory, purpose, arena, segment, Region.Kind.RANGE);
        if (!addresses.isLate()) region.addCommitted(bytes);
        return new Range(memory, addresses, memory.enter(region), blockBytes);
    }
}
