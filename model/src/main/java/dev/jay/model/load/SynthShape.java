// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

/**
 * What a made-up model looks like.
 *
 * @param headDim    width of a head; heads * headDim need not be dim
 * @param hidden     width inside the gated MLP
 * @param sharesHead whether the embedding is the head too
 * @param hasBiases  on queries, keys and values
 * @param hasHeadNorms on queries and keys, one weight a channel
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
        boolean sharesHead,
        boolean hasBiases,
        boolean hasHeadNorms) {
    /** Three special tokens, 256 bytes and a space. */
    static final int LEAST_VOCABULARY = 3 + 256 + 1;

    public SynthShape {
        if (layers < 1 || vocabulary < LEAST_VOCABULARY) {
            throw new IllegalArgumentException("model shape " + name + ": layers=" + layers + " (least 1), vocabulary="
                    + vocabulary + " (least " + LEAST_VOCABULARY + ")");
        }
    }

    /** A Llama: no biases, no head norms. */
    static SynthShape llama(String name, int[] sizes, int context, double ropeBase, boolean sharesHead) {
        return of(name, "llama", sizes, context, ropeBase, 1e-5, sharesHead, false, false);
    }

    static SynthShape qwen2(String name, int[] sizes, int context) {
        return of(name, "qwen2", sizes, context, 1e6, 1e-6, true, true, false);
    }

    static SynthShape qwen3(String name, int[] sizes, int context) {
        return of(name, "qwen3", sizes, context, 1e6, 1e-6, true, false, true);
    }

    /** @param sizes layers, dim, heads, kvHeads, headDim, hidden, vocabulary */
    private static SynthShape of(
            String name,
            String architecture,
            int[] sizes,
            int context,
            double ropeBase,
            double normEps,
            boolean sharesHead,
            boolean hasBiases,
            boolean hasHeadNorms) {
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
                sharesHead,
                hasBiases,
                hasHeadNorms);
    }
}
