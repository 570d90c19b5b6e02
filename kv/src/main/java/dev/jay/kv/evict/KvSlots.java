// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

/**
 * What one KV head of one stream holds, slot by slot, in the order of positions: what an eviction may look at. A slot's
 * memory is its state, some floats that begin as 0 and stay with the token as long as it is kept.
 */
public interface KvSlots {
    int count();

    /** The place of the slot's token in its sequence. */
    int position(int slot);

    /** Tokens of the sequence so far, those that were forgotten among them. */
    int tokens();

    /** Where the last prompt ends that is known of, perhaps behind these tokens; 0: there is none. */
    int promptEnd();

    /** What the slot stands for: 1, and the weights of tokens that were merged into it. */
    default float weight(int slot) {
        return 1;
    }

    /** Floats of a key; 0: keys are not known, as where an eviction is only tried. */
    default int width() {
        return 0;
    }

    /** Decodes a slot's key to {@code into[at ...]}. */
    default void key(int slot, float[] into, int at) {}

    /** @param i below {@link KvEviction#states} */
    float state(int slot, int i);

    void state(int slot, int i, float value);

    /** Adds to the state of each slot. */
    default void add(int i, float[] values) {
        for (int s = 0; s < count(); s++) state(s, i, state(s, i) + values[s]);
    }

    /** The state of each slot. */
    default float[] states(int i) {
        float[] states = new float[count()];
        for (int s = 0; s < states.length; s++) states[s] = state(s, i);
        return states;
    }
}
