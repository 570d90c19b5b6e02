// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import java.lang.foreign.MemorySegment;

/**
 * What the blocks of a model in training are made of, under the names that GGUF gives them without their suffix: all of
 * it trained, or a file's frozen weights with what is trained beside them. Borrowed by the model.
 */
public interface TrainWeights {
    ModelSpec spec();

    /** @param site as {@code blk.0.attn_q} */
    LinearGradient linear(String site);

    /** @param site as {@code blk.0.attn_norm} */
    NormGradient norm(String site);

    /** Whether there is such a norm. */
    boolean hasNorm(String site);

    /** The head's matrix, [vocabulary][dim]. */
    TrainRows head();

    /** x[tokens][dim] */
    void embed(int[] tokens, MemorySegment x);

    /** Adds to the gradient of the embedding, if it is trained. */
    void embedBackward(int[] tokens, MemorySegment dx);
}
