// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.model.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * Token 0 begins, token 1 ends, 2 to 27 are letters, 28 to 31 the bytes of one character; the rest are two letters each.
 * Texts encode letter by letter.
 */
record LetterTokenizer(int bos) implements Tokenizer {
    static final int END = 1;
    private static final byte[] BIRD = "\ud83d\udc26".getBytes(StandardCharsets.UTF_8);

    @Override
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        int[] letters = text.chars().map(c -> 2 + Math.floorMod(c - 'a', 26)).toArray();
        if (!addSpecial || bos < 0) return letters;
        int[] all = new int[letters.length + 1];
        all[0] = bos;
        System.arraycopy(letters, 0, all, 1, letters.length);
        return all;
    }

    @Override
    public byte[] bytes(int token) {
        if (isControl(token)) return new byte[0];
        if (token < 28) return new byte[] {(byte) ('a' + token - 2)};
        if (token < 32) return new byte[] {BIRD[token - 28]};
        return new byte[] {(byte) ('a' + token % 5), (byte) ('a' + token % 3)};
    }

    @Override
    public String piece(int token) {
        return new String(bytes(token), StandardCharsets.UTF_8);
    }

    @Override
    public int size() {
        return HashForward.VOCABULARY;
    }

    @Override
    public boolean isControl(int token) {
        return token < 2;
    }

    @Override
    public int eos() {
        return END;
    }

    @Override
    public Set<Integer> endOfGeneration() {
        return Set.of(END);
    }

    @Override
    public boolean addsSpacePrefix() {
        return false;
    }
}
