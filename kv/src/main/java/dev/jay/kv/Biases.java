// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** Brings what scores are raised by to where a kernel reads it, a piece of slots at a time; nothing where a slot counts for one. */
record Biases(boolean counts, int pieceSlots) {
    /** Of the room for a piece. */
    long bytes() {
        return counts ? Scratch.sizeOf(Float.BYTES * ((long) pieceSlots + AttentionKernel.BIAS_ROOM)) : 0;
    }

    /** The address of those of slots [from, to), in a room at a byte offset; 0: there are none. */
    long of(KvSource source, int stream, int head, int from, int to, MemorySegment room, long at) {
        if (!counts) return 0;
        source.biases(stream, head, from, to, room, at);
        return room.address() + at;
    }
}
