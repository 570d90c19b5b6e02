// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

/**
 * Where a text stands in its grammar: all that its bytes so far can mean. Immutable to whoever holds one, so going back
 * is keeping the one before; what it remembers besides can be found again.
 */
public final class GrammarState {
    final int id;
    final int epoch;
    final int[] states; // of the network, each with steps by byte
    final Frame[] frames; // of each
    final boolean ends; // the text may end here
    final boolean leaves; // a rule looked at by itself may end here
    GrammarState[] next; // by class of byte, as far as known
    TokenMask mask; // of all tokens, if known

    GrammarState(int id, int epoch, int[] states, Frame[] frames, boolean ends, boolean leaves) {
        this.id = id;
        this.epoch = epoch;
        this.states = states;
        this.frames = frames;
        this.ends = ends;
        this.leaves = leaves;
    }

    /** Whether nothing can stand here, not even the end. */
    boolean isDead() {
        return states.length == 0 && !ends && !leaves;
    }

    /** Whether the text may end here. */
    public boolean mayEnd() {
        return ends;
    }

    /** Whether the text must end here: nothing more is allowed. */
    public boolean mustEnd() {
        return ends && states.length == 0;
    }

    long heapBytes() {
        return 96 + 8L * states.length;
    }
}
