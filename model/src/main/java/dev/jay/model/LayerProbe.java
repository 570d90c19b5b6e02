// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import java.lang.foreign.MemorySegment;

/** Looks at the residual stream while a pass runs. Called on the engine thread; must not keep the rows. */
public interface LayerProbe {
    /** Sees nothing. */
    LayerProbe NONE = new LayerProbe() { // a lambda of an interface with defaults is linked anew by every start
                @Override
                public void after(int layer, MemorySegment x) {}
            };

    /** @param x what layer {@code layer} left, f32[rows of the pass][dim] */
    void after(int layer, MemorySegment x);

    /** Whether {@link #normed} is to be called. */
    default boolean wantsNormed() {
        return false;
    }

    /** @param x what the head would see, f32[rows of the pass][dim] */
    default void normed(MemorySegment x) {}
}
