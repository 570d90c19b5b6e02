// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.Set;

/**
 * Text to tokens and back. Immutable and thread-safe. A token id outside {@code 0 .. size()-1} is an
 * {@link IllegalArgumentException} wherever one is given.
 */
public interface Tokenizer {
    /**
     * A lone surrogate in the text counts as U+FFFD.
     *
     * @param addSpecial   put in front and behind what the model's file says belongs there (BOS, EOS)
     * @param parseSpecial read control tokens written in the text ({@code <|im_start|>}) as such; never for a user's text
     */
    int[] encode(String text, boolean addSpecial, boolean parseSpecial);

    /** The bytes one token stands for; a character may take several tokens. Control tokens have none. A fresh array. */
    byte[] bytes(int token);

    /** The token as the vocabulary writes it; for people. */
    String piece(int token);

    int size();

    boolean isControl(int token);

    /** -1 if the model has none. */
    int bos();

    /** -1 if the model has none. */
    int eos();

    /** Tokens that end an answer: EOS, end of turn. */
    Set<Integer> endOfGeneration();

    /**
     * Whether the first piece of a decoded text carries a space the encoder put there (SentencePiece); a decoder of a
     * whole text strips it.
     */
    boolean addsSpacePrefix();

    /**
     * A whole text: the bytes of all tokens, read as UTF-8 (malformed ones become U+FFFD), without the space that
     * {@link #encode} put in front and without control tokens. For pieces as they come, or for the continuation of a
     * prompt, see {@link TextDecoder}.
     */
    default String decode(int[] tokens) {
        TextDecoder decoder = new TextDecoder(this, true);
        StringBuilder text = new StringBuilder();
        for (int token : tokens) text.append(decoder.next(token));
        return text.append(decoder.finish()).toString();
    }
}
