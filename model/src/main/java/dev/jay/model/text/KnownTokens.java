// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.TokenType;
import java.util.Set;

/** The part of a tokenizer that a vocabulary and the ids with a meaning answer, whatever text becomes of tokens. */
abstract class KnownTokens implements Tokenizer {
    final Vocabulary vocabulary;
    final SpecialIds ids;

    KnownTokens(Vocabulary vocabulary, SpecialIds ids) {
        this.vocabulary = vocabulary;
        this.ids = ids;
    }

    /** The bytes of a token that stands for text. */
    abstract byte[] textOf(int token);

    @Override
    public final byte[] bytes(int token) {
        byte type = vocabulary.type(checked(token));
        if (type == TokenType.CONTROL || type == TokenType.UNKNOWN) return new byte[0];
        return textOf(token);
    }

    @Override
    public final String piece(int token) {
        return vocabulary.text(checked(token));
    }

    @Override
    public final int size() {
        return vocabulary.size();
    }

    @Override
    public final boolean isControl(int token) {
        return vocabulary.type(checked(token)) == TokenType.CONTROL;
    }

    @Override
    public final int bos() {
        return ids.bos();
    }

    @Override
    public final int eos() {
        return ids.eos();
    }

    @Override
    public final Set<Integer> endOfGeneration() {
        return ids.ends();
    }

    private int checked(int token) {
        if (token < 0 || token >= vocabulary.size()) {
            throw new IllegalArgumentException("decoding: token=" + token
                    + " is not in the vocabulary, allowed is 0 to " + (vocabulary.size() - 1));
        }
        return token;
    }
}
