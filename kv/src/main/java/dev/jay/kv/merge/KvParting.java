// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

/**
 * What one KV head of one stream is about to forget, and what it keeps: slots, in the order of positions. Borrowed for the
 * length of a call.
 */
public interface KvParting {
    /** Slots that stay, in order; at least one. */
    int[] kept();

    /** Slots that go, in order; at least one. */
    int[] forgotten();

    /** The place of a slot's token in its sequence. */
    int position(int slot);

    /** Floats of a key. */
    int width();

    /** Decodes a slot's key to {@code into[at ...]}. */
    void key(int slot, float[] into, int at);

    /** What a member noted of the head the last time it forgot; NaN: nothing yet. */
    float note();

    void note(float value);
}
