// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

/** One text being made under a grammar. Confined to one caller at a time. */
public final class Constraint {
    private final GrammarMasks masks;
    private GrammarState state;

    public Constraint(GrammarMasks masks) {
        this.masks = masks;
        this.state = masks.start();
    }

    /** The tokens that may come next. */
    public TokenMask mask() {
        return masks.mask(state);
    }

    /** @throws IllegalArgumentException if the token was not allowed */
    public void accept(int token) {
        state = masks.next(state, token);
    }

    public GrammarState state() {
        return state;
    }

    /** Goes back, or ahead, to a state that this text was in. */
    public void restore(GrammarState earlier) {
        state = earlier;
    }
}
