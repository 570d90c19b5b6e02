// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

/**
 * The experts of a layer that has them. A token's are those of the greatest router logits; each weighs what softmax over
 * all experts gives it.
 *
 * @param count        of a layer; 0: a model without experts
 * @param used         by one token
 * @param hidden       width inside one
 * @param isNormed     whether the weights of a token's experts are divided by their sum: softmax over the chosen alone
 * @param scale        what weights are multiplied with then
 * @param sharedHidden width inside the expert that every token uses besides; 0: none
 */
public record Experts(int count, int used, int hidden, boolean isNormed, float scale, int sharedHidden) {
    public static final Experts NONE = new Experts(0, 0, 0, false, 1, 0);
}
