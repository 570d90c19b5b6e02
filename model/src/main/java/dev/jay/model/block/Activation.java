// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/** What an MLP does to its gates. */
public enum Activation {
    SILU {
        @Override
        void gate(Ops ops, MemorySegment x, MemorySegment y, long count) {
            ops.swiGlu(x, y, count);
        }
    },
    /** By its formula with tanh. */
    GELU {
        @Override
        void gate(Ops ops, MemorySegment x, MemorySegment y, long count) {
            ops.geGlu(x, y, count);
        }
    };

    /** x = activation(x) * y; what y holds is spent. */
    abstract void gate(Ops ops, MemorySegment x, MemorySegment y, long count);
}
