// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.TokenType;
import java.util.Arrays;

/** The tokens {@code <0x00>} to {@code <0xFF>}, to which a character falls that has none of its own. */
final class ByteTokens {
    private ByteTokens() {}

    /** The token of each byte, or -1. */
    static int[] of(Vocabulary vocabulary) {
        int[] tokens = new int[256];
        Arrays.fill(tokens, -1);
        for (int t = 0; t < vocabulary.size(); t++) {
            int b = byteOf(vocabulary, t);
            if (b >= 0) tokens[b] = t;
        }
        return tokens;
    }

    /** The byte that a token stands for, or -1. */
    static int byteOf(Vocabulary vocabulary, int token) {
        if (vocabulary.type(token) != TokenType.BYTE) return -1;
        String text = vocabulary.text(token);
        if (!text.matches("<0x[0-9A-Fa-f]{2}>")) {
            throw new MalformedModelException("reading the vocabulary: token " + token + " is of type byte and says "
                    + MalformedModelException.shown(text) + ", wanted <0x00> to <0xFF>");
        }
        return Integer.parseInt(text.substring(3, 5), 16);
    }

    /** Whether every byte has a token. */
    static boolean cover(int[] tokens, byte[] text, int from, int to) {
        if (tokens == null) return false;
        for (int i = from; i < to; i++) if (tokens[text[i] & 0xFF] < 0) return false;
        return true;
    }
}
