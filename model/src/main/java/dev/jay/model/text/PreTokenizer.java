// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.function.IntConsumer;

/** Cuts text into the pieces that byte-level BPE merges within. Stateless; linear in the text. */
public interface PreTokenizer {
    /**
     * Tells where each piece ends, in order; the last one ends at {@code to}.
     *
     * @param text well-formed UTF-8; {@code from} and {@code to} lie between characters, {@code from < to}; what stands
     *             before or behind them is not looked at
     */
    void cut(byte[] text, int from, int to, IntConsumer ends);

    /** Whether a piece that is a token is taken whole, even where no merges lead to it. */
    default boolean takesWholeTokens() {
        return false;
    }

    /** Whether models of this kind begin with BOS when their file does not say. */
    default boolean addsBos() {
        return false;
    }

    /** One that goes through the text once, from piece to piece. */
    interface Scanner extends PreTokenizer {
        /**
         * Where the piece that begins at {@code from} ends.
         *
         * @param to the end of the text: nothing behind it is looked at
         * @return a position between characters, more than {@code from} and at most {@code to}
         */
        int end(byte[] text, int from, int to);

        @Override
        default void cut(byte[] text, int from, int to, IntConsumer ends) {
            for (int at = from; at < to; ) {
                at = end(text, at, to);
                ends.accept(at);
            }
        }
    }
}
