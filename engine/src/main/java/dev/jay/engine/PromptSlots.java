// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.evict.KvSlots;

/** All tokens of a prompt, none forgotten, with one float each: what an eviction looks at when it is tried. */
final class PromptSlots implements KvSlots {
    private final float[] states;

    PromptSlots(int tokens) {
        this.states = new float[tokens];
    }

    @Override
    public int count() {
        return states.length;
    }

    @Override
    public int position(int slot) {
        return slot;
    }

    @Override
    public int tokens() {
        return states.length;
    }

    @Override
    public int promptEnd() {
        return states.length;
    }

    @Override
    public float state(int slot, int i) {
        return states[slot];
    }

    @Override
    public void state(int slot, int i, float value) {
        states[slot] = value;
    }
}
