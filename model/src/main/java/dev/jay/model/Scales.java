// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

/**
 * Fixed factors between a model's parts.
 *
 * @param embedding what a token's row is multiplied with
 * @param residual  what a block's answer is multiplied with before it is added
 * @param logits    what logits are multiplied with
 * @param logitCap  then logits y become logitCap * tanh(y / logitCap); 0: they stay
 */
public record Scales(float embedding, float residual, float logits, float logitCap) {
    public static final Scales NONE = new Scales(1, 1, 1, 0);
}
