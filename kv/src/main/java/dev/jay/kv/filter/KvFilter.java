// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.filter;

/**
 * Which tokens of a prompt a model runs on. The prompt goes through the first layers only; there its last queries are
 * held against every key, the tokens that matter most pass, and the model runs anew on these few, as if they were the prompt.
 * A prompt of no more tokens than that runs as it is. Stateless.
 */
public interface KvFilter {
    /** With all its parameters, {@code budget=} among them: the catalog makes the same of it. */
    String name();

    /** How many tokens pass, and which in any case. */
    Passing passing();

    /** The layer whose last queries are looked at, counted from 1; 0: none, and the prompt goes through no layer. */
    int layer(int layers);

    /** How many of the prompt's last queries are looked at there: at least 1. */
    default int window() {
        return 1;
    }

    /** Whether products are made shares of attention, for each query head by itself, before they are summed. */
    default boolean shares() {
        return false;
    }

    /**
     * Says how much each token of a prompt matters; of equal ones the latest pass. NaN matters least. What passes in any case
     * does so whatever is said of it.
     *
     * @param scores     the products of the layer's last queries with each token's keys, summed over queries and heads, not
     *     scaled, or such {@link #shares}; 0 where no layer is looked at
     * @param importance 0 everywhere
     */
    void rank(double[] scores, float[] importance);
}
