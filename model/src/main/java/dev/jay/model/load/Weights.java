// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Matrix;
import java.util.List;

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

    /**
     * Some rows of the head's matrix.
     *
     * @param unit what is held while they are read: {@link #ROOT}, or a number beyond the layers'
     * @param from the first of them
     */
    record Slice(int unit, int from, Matrix rows) {}

    /** The head's matrix, of this name, cut into runs of rows that are held one after the other; in order. */
    default List<Slice> head(String name) {
        return List.of(new Slice(ROOT, 0, matrix(ROOT, name)));
    }

    /** Makes the layer's bytes readable and settles where they are. */
    void hold(int layer);

    void release(int layer);
}
