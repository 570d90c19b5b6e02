// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** Cuts text into the pieces that byte-level BPE merges within. Stateless; linear in the text. */
public interface PreTokenizer {
    /**
     * Where the piece that begins at {@code from} ends.
     *
     * @param text well-formed UTF-8; {@code from} and {@code to} lie between characters, {@code from < to}
     * @param to   the end of the text: nothing behind it is looked at
     * @return a position between characters, more than {@code from} and at most {@code to}
     */
    int end(byte[] text, int from, int to);

    /** Whether a piece that is a token is taken whole, even where no merges lead to it. */
    default boolean takesWholeTokens() {
        return false;
    }

    /** Whether models of this kind begin with BOS when their file does not say. */
    default boolean addsBos() {
        return false;
    }
}
