// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

/** A cache whose pages others may hold too, a stride at a time. Coded rows are a function of the tokens before them. */
public interface Strided {
    /** Tokens after which the pages of every stream end together. */
    int strideTokens();

    /**
     * The pages of tokens from {@code index * strideTokens()} on, as far as they have settled and are coded: of none, where
     * the first group is still open. Borrowed.
     */
    Stride stride(int index);

    /**
     * Goes on with the first {@code tokens} tokens of a stride that others computed; what is held now ends where a stride
     * does. A whole stride is shared: one more holder of its pages. Of a part the rows are copied to pages of its own, as
     * far as whole groups go.
     */
    void adopt(Stride stride, int tokens);

    /** Gives back the pages of a whole stride of its own and holds these, which say the same, instead. */
    void replace(int index, Stride same);
}
