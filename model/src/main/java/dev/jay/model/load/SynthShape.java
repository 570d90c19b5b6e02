// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.Map;
import java.util.Set;

/**
 * What a made-up model looks like.
 *
 * @param headDim width of a head; heads * headDim need not be dim
 * @param hidden  width inside the MLP
 * @param traits  in what it differs from a Llama
 * @param keys    what its file says besides, each key behind the architecture's name
 */
public record SynthShape(
        String name,
        String architecture,
        int layers,
        int dim,
        int heads,
        int kvHeads,
        int headDim,
        int hidden,
        int vocabulary,
        int context,
        double ropeBase,
        double normEps,
        Set<SynthTrait> traits,
        Map<String, Object> keys) {
    /** Three special tokens, 256 bytes and a space. */
    static final int LEAST_VOCABULARY = 3 + 256 + 1;

    public SynthShape {
        traits = Set.copyOf(traits);
        keys = Map.copyOf(keys);
        if (layers < 1 || vocabulary < LEAST_VOCABULARY) {
            throw new IllegalArgumentException("model shape " + name + ": layers=" + layers + " (least 1), vocabulary="
                    + vocabulary + " (least " + LEAST_VOCABULARY + ")");
        }
    }

    /** @param sizes layers, dim, heads, kvHeads, headDim, hidden, vocabulary */
    static SynthShape of(
            String name,
            String architecture,
            int[] sizes,
            int context,
            double ropeBase,
            double normEps,
            Set<SynthTrait> traits,
            Map<String, Object> keys) {
        return new SynthShape(
                name,
                architecture,
                sizes[0],
                sizes[1],
                sizes[2],
                sizes[3],
                sizes[4],
                sizes[5],
                sizes[6],
                context,
                ropeBase,
                normEps,
                traits,
                keys);
    }

    boolean has(SynthTrait trait) {
        return traits.contains(trait);
    }

    int experts() {
        return ((Number) keys.get("expert_count")).intValue();
    }

    int expertHidden() {
        return ((Number) keys.get("expert_feed_forward_length")).intValue();
    }

    int sharedHidden() {
        return ((Number) keys.get("expert_shared_feed_forward_length")).intValue();
    }
}
