// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Off-heap bytes with one owner and one purpose. Segments handed out are borrowed from it and die with it. */
public final class Region implements AutoCloseable {
    /** How its bytes come to be memory. */
    enum Kind {
        /** All at once; they count as memory from the beginning. */
        WHOLE,
        /** As its {@link Range} commits them. */
        RANGE,
        /** They are a file's, and the kernel's to drop; memory in the books from when they are claimed. */
        FILE
    }

    private final Memory memory;
    private final String purpose;
    private final Arena arena;
    private final MemorySegment bytes;
    private final Kind kind;
    private long committed; // guarded by the memory
    private boolean claimed; // guarded by the memory

    Region(Memory memory, String purpose, Arena arena, MemorySegment bytes, Kind kind) {
        this.memory = memory;
        this.purpose = purpose;
        this.arena = arena;
        this.bytes = bytes;
        this.kind = kind;
        this.committed = kind == Kind.WHOLE ? bytes.byteSize() : 0;
    }

    public MemorySegment bytes() {
        return bytes;
    }

    public String purpose() {
        return purpose;
    }

    public long size() {
        return bytes.byteSize();
    }

    /** Bytes that count as memory now. */
    long committed() {
        return committed;
    }

    /** Asks for huge pages: for bytes that will all be written, in large pieces. */
    public void inHugePages() {
        if (kind == Kind.WHOLE && size() >= Memory.HUGE_PAGE)
            Addresses.ofThisSystem().adviseHuge(bytes, true);
    }

    void claim() {
        memory.claim(this);
    }

    /** Bytes that count against the budget, whether they are memory yet or not. */
    long promised() {
        return kind == Kind.FILE && !claimed ? 0 : size();
    }

    void setClaimed() {
        claimed = true;
    }

    void addCommitted(long more) {
        committed += more;
    }

    @Override
    public void close() {
        memory.release(this, arena);
    }
}
