// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import dev.jay.kv.KvShape;

/**
 * The shapes of a model, without its weights: all that a planner needs.
 *
 * @param dim           width of the residual stream
 * @param heads         query heads
 * @param kvHeads       key and value heads
 * @param headDim       width of a head
 * @param hidden        width inside the gated MLP
 * @param contextLength the most tokens it was made for
 * @param pooling       how the rows of a text become one vector
 */
public record ModelSpec(
        String architecture,
        int layers,
        int dim,
        int heads,
        int kvHeads,
        int headDim,
        int hidden,
        int vocabulary,
        int contextLength,
        float normEps,
        Rotary rotary,
        Pooling pooling) {
    /** A decoder that says nothing of embeddings. */
    public ModelSpec(
            String architecture,
            int layers,
            int dim,
            int heads,
            int kvHeads,
            int headDim,
            int hidden,
            int vocabulary,
            int contextLength,
            float normEps,
            Rotary rotary) {
        this(
                architecture,
                layers,
                dim,
                heads,
                kvHeads,
                headDim,
                hidden,
                vocabulary,
                contextLength,
                normEps,
                rotary,
                Pooling.LAST);
    }

    /** How positions turn queries and keys. {@code factors} divide each frequency; empty for none. */
    public record Rotary(int dim, double base, boolean interleaved, float[] factors) {}

    /** The same with other positions. */
    public ModelSpec withRotary(Rotary other) {
        return new ModelSpec(
                architecture,
                layers,
                dim,
                heads,
                kvHeads,
                headDim,
                hidden,
                vocabulary,
                contextLength,
                normEps,
                other,
                pooling);
    }

    /** One stream a layer; a layer's stream has its number. */
    public KvShape kvShape() {
        return KvShape.uniform(layers, kvHeads, headDim);
    }
}
