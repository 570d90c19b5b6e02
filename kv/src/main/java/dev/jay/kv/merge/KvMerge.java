// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

/**
 * What becomes of tokens that an eviction has forgotten: each may be merged into one that is kept. Keys and values of a kept
 * token become the mean of its own and those merged into it, weighed, where its own weigh 1 and all that was merged into it
 * before; weights are positive and the mean is of weight 1, so a merge makes no row larger. Stateless: one float a head is
 * noted for it.
 */
public interface KvMerge {
    /** With all its parameters: the catalog makes the same of it. */
    String name();

    /**
     * Says for each forgotten slot where it goes.
     *
     * @param into    for each forgotten slot the index of a kept one
     * @param weights for each forgotten slot what it weighs against a kept token's 1; 0: nothing of it is kept
     */
    void match(KvParting parting, int[] into, float[] weights);

    /**
     * Whether a kept token counts in attention for what it weighs, its score being raised by the logarithm of that: what
     * was merged goes on drawing attention, and tokens that are the same are as before.
     */
    default boolean counts() {
        return false;
    }
}
