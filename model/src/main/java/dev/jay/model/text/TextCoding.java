// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** How plain text, between the special tokens, becomes tokens and a token bytes. Immutable. */
interface TextCoding {
    /**
     * @param text         well-formed UTF-8 from {@code from} to {@code to}, at least one byte
     * @param afterSpecial whether it begins the text or follows a special token
     */
    void encode(byte[] text, int from, int to, boolean afterSpecial, TokenList out);

    /** Of a token that is neither control nor unknown. */
    byte[] bytes(int token);

    boolean addsSpacePrefix();
}
