// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.List;

/**
 * One token the model chose.
 *
 * @param logprob natural logarithm of its probability before any sampling step; NaN unless logprobs were asked for
 * @param top     the likeliest tokens at its place, likeliest first; empty unless asked for
 */
public record Choice(int token, double logprob, List<Scored> top) {
    /** A token that could have been chosen, and the natural logarithm of its probability. */
    public record Scored(int token, double logprob) {}

    public Choice {
        top = List.copyOf(top);
    }
}
