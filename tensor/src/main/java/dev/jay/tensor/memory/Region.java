// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Off-heap bytes with one owner and one purpose. Segments handed out are borrowed from it and die with it. */
public final class Region implements AutoCloseable {
    private final Memory memory;
    private final String purpose;
    private final Arena arena;
    private final MemorySegment bytes;
    private final boolean mapped;

    Region(Memory memory, String purpose, Arena arena, MemorySegment bytes, boolean mapped) {
        this.memory = memory;
        this.purpose = purpose;
        this.arena = arena;
        this.bytes = bytes;
        this.mapped = mapped;
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

    /** True if the bytes are a file's. */
    public boolean isMapped() {
        return mapped;
    }

    @Override
    public void close() {
        memory.release(this, arena);
    }
}
