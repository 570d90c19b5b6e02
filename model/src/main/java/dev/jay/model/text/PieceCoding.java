// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** Makes tokens of one piece of text. Immutable. */
interface PieceCoding {
    /** @param text well-formed UTF-8 from {@code from} to {@code to}, at least one byte */
    void encode(byte[] text, int from, int to, TokenList out);
}
