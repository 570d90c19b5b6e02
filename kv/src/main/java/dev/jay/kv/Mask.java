// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

/** Which earlier tokens a query sees. A closed set: every kernel must answer each. */
public sealed interface Mask {
    /** All tokens up to and with its own. */
    record Causal() implements Mask {}

    /** The last {@code tokens} tokens, its own among them. */
    record Window(int tokens) implements Mask {}

    Mask CAUSAL = new Causal();
}
