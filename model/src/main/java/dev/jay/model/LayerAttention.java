// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import dev.jay.model.ModelSpec.Rotary;

/**
 * How the queries of one layer see its keys.
 *
 * @param rotary  how positions turn both; null: they do not
 * @param window  the last so many tokens are seen, the query's own among them; 0: all
 * @param scale   what the product of a query and a key is multiplied with
 * @param softCap scores s become softCap * tanh(s / softCap); 0: they stay
 */
public record LayerAttention(Rotary rotary, int window, float scale, float softCap) {
    /** Over all earlier tokens, scaled by the width of a head. */
    public static LayerAttention plain(Rotary rotary, int headDim) {
        return new LayerAttention(rotary, 0, (float) (1 / Math.sqrt(headDim)), 0);
    }

    public LayerAttention withRotary(Rotary other) {
        return new LayerAttention(other, window, scale, softCap);
    }

    public LayerAttention withWindow(int tokens) {
        return new LayerAttention(rotary, tokens, scale, softCap);
    }

    public LayerAttention withScale(float other) {
        return new LayerAttention(rotary, window, other, softCap);
    }

    public LayerAttention withSoftCap(float cap) {
        return new LayerAttention(rotary, window, scale, cap);
    }
}
