// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;

/** f32 at raw addresses. Unchecked: whoever calls a leaf kernel has checked every length. */
final class Raw {
    /** All of memory as one segment, so that an address is an offset. */
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Raw() {}

    static float get(long base, long index) {
        return ALL.get(Floats.LAYOUT, base + index * Float.BYTES);
    }

    static void set(long base, long index, float v) {
        ALL.set(Floats.LAYOUT, base + index * Float.BYTES, v);
    }
}
