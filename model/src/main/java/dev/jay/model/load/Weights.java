// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Matrix;

/**
 * The weights of one model as blocks see them. A layer's bytes are used between {@link #hold} and {@link #release}
 * only, so they may be streamed, shared or resized without a change in any block.
 */
public interface Weights {
    /** Weights that belong to no layer: embedding, last norm, head. */
    int ROOT = -1;

    /** The matrix {@code name} (with its suffix: {@code blk.0.attn_q.weight}), of a layer or {@link #ROOT}. */
    Matrix matrix(int layer, String name);

    boolean has(String name);

    /** Makes the layer's bytes readable and settles where they are. */
    void hold(int layer);

    void release(int layer);
}
