// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

/** Which earlier tokens a query sees. A closed set: every kernel must answer each. */
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

    Mask CAUSAL = new Causal();

    /** The first position that the token at {@code position} sees; the last is its own. */
    default int firstVisible(int position) {
        return switch (this) {
            case Causal() -> 0;
            case Window(int tokens) -> Math.max(0, position + 1 - tokens);
        };
    }
}
