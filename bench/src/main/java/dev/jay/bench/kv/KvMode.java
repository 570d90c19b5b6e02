// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import java.util.Arrays;
import java.util.stream.IntStream;

/** How a question follows what is to be read, and where keys and values that are forgotten are chosen. */
enum KvMode {
    /** One question, known when it is chosen what to forget. */
    SINGLE("single", 0),
    /** Several questions on one context, each on its own: what to forget was chosen before any of them. */
    SHARED("shared", 0),
    /** The second question of a conversation: what to forget was chosen with the first, and again with this one. */
    SECOND_TURN("turn-2", 1),
    /** The fifth. */
    FIFTH_TURN("turn-5", 4),
    /** Asked while the model writes; tasks of their own. */
    LONG("long", 0);

    /** Of every context, in whatever mode: it is the same text for all. */
    static final int QUESTIONS = 5;

    private final String text;
    private final int turn;

    KvMode(String text, int turn) {
        this.text = text;
        this.turn = turn;
    }

    /** Which of a context's questions are asked. */
    int[] questions() {
        return this == SHARED ? IntStream.range(0, QUESTIONS).toArray() : new int[] {turn};
    }

    static KvMode of(String name) {
        for (KvMode mode : values()) if (mode.text.equals(name)) return mode;
        throw new IllegalArgumentException("--modes: got '" + name + "', allowed: " + Arrays.toString(values()));
    }

    @Override
    public String toString() {
        return text;
    }
}
