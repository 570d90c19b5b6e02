// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

/**
 * Which tokens a sequence forgets: their keys and values are gone, and no later query sees them. It forgets at places that
 * depend on positions alone (ends of prompts, multiples of {@link Budget#every}), so an answer does not depend on how its prompt
 * was cut into steps. Stateless: what it must remember is the state of a slot.
 */
public interface KvEviction {
    /** With all its parameters, {@code budget=} among them: the catalog makes the same of it. */
    String name();

    /** How much a head keeps, and how often it forgets. */
    Budget budget();

    /** How many of the last queries before such a place it {@link #see sees}; 0: none. */
    default int watches() {
        return 0;
    }

    /** Whether what this query head spends is seen. */
    default boolean looksAt(int queryHead) {
        return true;
    }

    /** Whether all heads of a layer keep the same tokens: those with the largest sums of what they are ranked. */
    default boolean keepsTheSame() {
        return false;
    }

    /** Whether it has to be told what was measured of the model. */
    default boolean wantsCalibration() {
        return false;
    }

    /** The same for a layer of which something was measured. Its name says what it has taken of that. */
    default KvEviction calibrated(KvCalibration.Layer layer) {
        return this;
    }

    /** Floats of state a slot has: 0 to 2. */
    default int states() {
        return 0;
    }

    /**
     * What one query spent on each slot, in order of positions.
     *
     * @param query   its position
     * @param weights attention weights, meaned over the query heads that share this KV head, 0 for those that it does not
     *     {@link #looksAt look at}; their sum is at most 1
     */
    default void see(KvSlots slots, int query, float[] weights) {}

    /**
     * Says how much each slot matters; those that matter most are kept, of equal ones the latest. NaN matters least. What the
     * budget keeps in any case is kept whatever is said of it.
     */
    void rank(KvSlots slots, float[] importance);

    /**
     * Whether it gathers tokens rather than forgetting them: it says which others each goes into, keys and values become
     * means of all that they stand for, and their scores are raised by the logarithm of how many that are.
     */
    default boolean gathers() {
        return false;
    }

    /**
     * {@link #rank}, and where a slot goes if it is not kept.
     *
     * @param into for each slot another, which may go into a third, but never back; itself: nowhere. Comes as that.
     */
    default void gather(KvSlots slots, float[] importance, int[] into) {
        rank(slots, importance);
    }
}
