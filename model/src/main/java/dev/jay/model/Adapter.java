// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import java.lang.foreign.MemorySegment;

/** A small change to a model, chosen sequence by sequence: after y = x . w at a site, y += delta(x). */
public interface Adapter {
    /** The model as it is. */
    Adapter NONE = (site, rows, x, y) -> {};

    /**
     * Called on the engine thread.
     *
     * @param site the weight's name in the model file, without its suffix: {@code blk.0.attn_q}
     * @param rows rows of sequences that run with it
     * @param x    what went in, f32[rows][inputs of the site]
     * @param y    what came out, f32[rows][outputs of the site], to add to
     */
    void add(String site, int rows, MemorySegment x, MemorySegment y);
}
