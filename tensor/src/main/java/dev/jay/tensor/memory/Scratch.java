// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.lang.foreign.MemorySegment;

/**
 * Working space of one pass: a stack over one region, borrowed. Confined to one thread. Bytes are not cleared.
 */
public final class Scratch {
    private static final long ALIGNMENT = 64;

    private final MemorySegment bytes;
    private long top;
    private long peak;

    public Scratch(MemorySegment bytes) {
        this.bytes = bytes;
    }

    /** Bytes that {@link #take} spends for this many, alignment counted. */
    public static long sizeOf(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Aligned to 64; borrowed until {@link #release} goes below it. */
    public MemorySegment take(long size) {
        long rounded = sizeOf(size);
        if (size < 0 || rounded > bytes.byteSize() - top) {
            throw new IllegalStateException(
                    "scratch too small: wanted=" + size + ", used=" + top + ", size=" + bytes.byteSize());
        }
        MemorySegment taken = bytes.asSlice(top, size);
        top += rounded;
        peak = Math.max(peak, top);
        return taken;
    }

    public MemorySegment floats(long count) {
        return take(count * Float.BYTES);
    }

    public long mark() {
        return top;
    }

    /** Takes back everything handed out since the mark. */
    public void release(long mark) {
        top = mark;
    }

    public long peak() {
        return peak;
    }
}
