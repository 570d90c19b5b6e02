// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.Arrays;

/**
 * Where a rule goes back to when it ends: all places it was called from at one point of the text, each a state and that
 * state's own frame. Frames of equal contents are one object while the {@link Automaton}'s tables hold them, so what
 * was read so far weighs only as much as it nests.
 */
final class Frame {
    /** Behind the whole grammar: when its rule ends, the text may end. */
    static final Frame ROOT = new Frame(0);

    /** Behind a rule that is looked at by itself. */
    static final Frame UNKNOWN = new Frame(1);

    static final int FIRST_ID = 2;

    final int id;
    int[] states = new int[1];
    Frame[] frames = new Frame[1];
    int count;
    boolean open; // being filled: callers of this point of the text may still come
    boolean ended; // while open: its rule stood for no text
    Frame made; // while open: what it came to

    Frame(int id) {
        this.id = id;
    }

    void add(int state, Frame frame) {
        for (int i = 0; i < count; i++) if (states[i] == state && frames[i] == frame) return;
        if (count == states.length) {
            states = Arrays.copyOf(states, 2 * count);
            frames = Arrays.copyOf(frames, 2 * count);
        }
        states[count] = state;
        frames[count++] = frame;
    }

    boolean isBottom() {
        return id < FIRST_ID;
    }

    long heapBytes() {
        return 96 + 8L * states.length;
    }
}
