// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

/** Which tokens a query sees. A closed set: every kernel must answer each. */
public sealed interface Mask {
    /** All tokens up to and with its own. */
    record Causal() implements Mask {}

    /** The last {@code tokens} tokens, its own among them. */
    record Window(int tokens) implements Mask {
        public Window {
            if (tokens < 1)
                throw new IllegalArgumentException("attention window: tokens must be at least 1: " + tokens);
        }
    }

    /** All tokens of a text that is run as a whole, those after it too. */
    record Everything() implements Mask {}

    Mask CAUSAL = new Causal();
    Mask EVERYTHING = new Everything();

    /** One past the last position that the token at {@code position} of {@code length} sees. */
    default int end(int position, int length) {
        return this instanceof Everything ? length : position + 1;
    }

    /** The first position that the token at {@code position} sees. */
    default int firstVisible(int position) {
        return this instanceof Window w ? Math.max(0, position + 1 - w.tokens()) : 0;
    }
}
