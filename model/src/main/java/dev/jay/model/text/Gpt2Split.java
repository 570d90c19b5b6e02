// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.tensor.Catalog;

/**
 * {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+} as a scanner: the expression run by
 * a backtracking engine needs stack or square time on hostile text.
 */
final class Gpt2Split implements PreTokenizer.Scanner {
    static final Catalog.Entry<PreTokenizer> ENTRY =
            new Catalog.Entry<>("gpt-2", "words with the space before them, as GPT-2 cuts", args -> new Gpt2Split());

    @Override
    public int end(byte[] text, int from, int to) {
        int contraction = Runs.contraction(text, from, to, false);
        if (contraction > 0) return contraction;
        // The optional space belongs to a word, a number or a run of signs behind it.
        int start = text[from] == ' ' && from + 1 < to ? from + 1 : from;
        int c = Utf8.at(text, start);
        if (Utf8.isLetter(c)) return Runs.letters(text, start, to);
        if (Utf8.isNumber(c)) return Runs.numbers(text, start, to, Integer.MAX_VALUE);
        if (!Utf8.isSpace(c)) return Runs.others(text, start, to);
        return Runs.spaces(text, from, to, false);
    }
}
