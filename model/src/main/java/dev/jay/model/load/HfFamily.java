// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.Map;
import java.util.Set;

/**
 * How the files of one family on Hugging Face name and describe what its GGUF files do. A member of
 * {@link HfFamilies#ALL} under the {@code model_type} of config.json.
 */
interface HfFamily {
    /** The family's {@code general.architecture}. */
    String architecture();

    /**
     * GGUF's names of tensors, without {@code .weight} or {@code .bias}, by theirs. Theirs are without a leading
     * {@code model.} or {@code bert.}, and those of a layer without {@code layers.N.}; GGUF's begin with {@code blk.} where they are a
     * layer's, which stands for {@code blk.N.}.
     */
    default Map<String, String> names() {
        return HfNames.DECODER;
    }

    /** Puts the family's keys, without the architecture before them. Those of every decoder are there already. */
    default void describe(HfConfig config, Map<String, Object> keys) {}

    /**
     * What the whole config.json says, with the keys of the family's GGUF files.
     *
     * @param vectors receives the vectors that GGUF files have and those on Hugging Face follow from the config
     */
    default Map<String, Object> read(HfConfig config, Map<String, float[]> vectors) {
        return HfDecoder.describe(this, config, vectors);
    }

    /** Whether a tensor under its own name is one that what Jay runs of the family has no use for. */
    default boolean leavesOut(String name) {
        return false;
    }

    /** Whether rows become logits at the end. */
    default boolean hasHead() {
        return true;
    }

    /** What MLPs use between their matrices; another one is refused. */
    default Set<String> activations() {
        return Set.of("silu");
    }

    /** Whether the embedding is the head where config.json does not say. */
    default boolean sharesHead() {
        return false;
    }

    /** What GGUF files have added to the weights of this vector (GGUF's name): a gain that is stored less one. */
    default float addedTo(String name) {
        return 0;
    }

    /**
     * Whether GGUF files have the rows of queries and keys in another order: rotary pairs side by side, (2i, 2i + 1), where
     * the files here have (i, i + half).
     */
    default boolean pairsSideBySide() {
        return false;
    }
}
