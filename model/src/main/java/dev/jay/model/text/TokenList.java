// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.Arrays;

/** Tokens as they are found. */
final class TokenList {
    private int[] tokens = new int[32];
    private int size;

    void add(int token) {
        if (size == tokens.length) tokens = Arrays.copyOf(tokens, 2 * size);
        tokens[size++] = token;
    }

    int size() {
        return size;
    }

    /** Takes back what came behind the first so many. */
    void shrink(int to) {
        size = to;
    }

    int[] toArray() {
        return Arrays.copyOf(tokens, size);
    }
}
