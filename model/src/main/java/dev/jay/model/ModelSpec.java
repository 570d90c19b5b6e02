// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import dev.jay.kv.KvShape;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The shapes of a model, without its weights: all that a planner needs.
 *
 * @param dim           width of the residual stream
 * @param heads         query heads
 * @param kvHeads       key and value heads
 * @param headDim       width of a head
 * @param hidden        width inside the MLP of a layer without experts
 * @param contextLength the most tokens it was made for
 * @param attention     of each layer
 * @param pooling       how the rows of a text become one vector
 * @param isEncoder     whether all tokens of a text see each other: it gives vectors and no logits, and keeps nothing
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
        List<LayerAttention> attention,
        Scales scales,
        Experts experts,
        Pooling pooling,
        boolean isEncoder) {
    public ModelSpec {
        attention = List.copyOf(attention);
        if (attention.size() != layers) {
            throw new IllegalArgumentException(
                    "model spec: attention of layers=" + attention.size() + ", wanted=" + layers);
        }
    }

    /**
     * How positions turn queries and keys: pair i by position * base^(-2i / dim) / factor of i.
     *
     * @param dim         values of a head that are turned, the first ones; even
     * @param interleaved true: pairs are (2i, 2i + 1); false: (i, i + dim / 2)
     * @param factors     one for each pair, or empty for none
     * @param amplitude   what cosines and sines are multiplied with; 1 but for some ways to longer contexts
     * @param original    tokens it was trained for before it was stretched, by factors that its file has; 0: it was not
     */
    public record Rotary(int dim, double base, boolean interleaved, float[] factors, float amplitude, int original) {
        public Rotary(int dim, double base, boolean interleaved, float[] factors) {
            this(dim, base, interleaved, factors, 1, 0);
        }

        /** The same, each frequency divided by these besides. */
        public Rotary dividedBy(float[] more) {
            float[] product = more.clone();
            for (int i = 0; i < factors.length; i++) product[i] *= factors[i];
            return new Rotary(dim, base, interleaved, product, amplitude, original);
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Rotary other
                    && dim == other.dim
                    && base == other.base
                    && interleaved == other.interleaved
                    && amplitude == other.amplitude
                    && original == other.original
                    && Arrays.equals(factors, other.factors);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(factors) * 31 + Double.hashCode(base) + dim;
        }
    }

    /** A decoder whose layers are alike and see all earlier tokens. */
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
                Collections.nCopies(layers, LayerAttention.plain(rotary, headDim)),
                Scales.NONE,
                Experts.NONE,
                Pooling.LAST,
                false);
    }

    /** How positions turn queries and keys in the first layer; in all of them, where they are alike. */
    public Rotary rotary() {
        return attention.getFirst().rotary();
    }

    /** The same with other positions in all layers. */
    public ModelSpec withRotary(Rotary other) {
        return withAttention(a -> a.withRotary(other));
    }

    /** The same with other attention in some layers. */
    public ModelSpec withAttention(UnaryOperator<LayerAttention> change) {
        return withAttention(attention.stream().map(change).toList());
    }

    public ModelSpec withAttention(List<LayerAttention> ofLayers) {
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
                ofLayers,
                scales,
                experts,
                pooling,
                isEncoder);
    }

    public ModelSpec withScales(Scales other) {
        return with(contextLength, other, experts, pooling, isEncoder);
    }

    public ModelSpec withExperts(Experts other) {
        return with(contextLength, scales, other, pooling, isEncoder);
    }

    public ModelSpec withPooling(Pooling other) {
        return with(contextLength, scales, experts, other, isEncoder);
    }

    public ModelSpec withContextLength(int tokens) {
        return with(tokens, scales, experts, pooling, isEncoder);
    }

    /** The same as an encoder. */
    public ModelSpec encoding() {
        return with(contextLength, scales, experts, pooling, true);
    }

    private ModelSpec with(int context, Scales s, Experts e, Pooling p, boolean encodes) {
        return new ModelSpec(
                architecture,
                layers,
                dim,
                heads,
                kvHeads,
                headDim,
                hidden,
                vocabulary,
                context,
                normEps,
                attention,
                s,
                e,
                p,
                encodes);
    }

    /** Whether it is put together as a Llama is: layers alike, without windows, caps, factors and experts. */
    public boolean isPlain() {
        LayerAttention first = attention.getFirst();
        return first.rotary() != null
                && first.equals(LayerAttention.plain(first.rotary(), headDim))
                && first.rotary().amplitude() == 1
                && first.rotary().original() == 0
                && attention.stream().allMatch(first::equals)
                && scales.equals(Scales.NONE)
                && experts.count() == 0
                && !isEncoder;
    }

    /** One stream a layer; a layer's stream has its number. An encoder keeps none. */
    public KvShape kvShape() {
        return KvShape.uniform(isEncoder ? 0 : layers, kvHeads, headDim);
    }
}
