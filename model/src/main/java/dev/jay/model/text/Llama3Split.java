// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.tensor.Catalog;

/**
 * The expression of Llama 3 and Qwen 2, which differ in how many digits make a piece, as a scanner:
 * {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,DIGITS}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|}
 * {@code \s+(?!\S)|\s+}.
 */
final class Llama3Split implements PreTokenizer.Scanner {
    static final Catalog.Entry<PreTokenizer> LLAMA_3 = new Catalog.Entry<>(
            "llama-bpe", "as Llama 3 cuts: up to three digits, whole tokens first", args -> new Llama3Split(3, true));
    static final Catalog.Entry<PreTokenizer> SMAUG = new Catalog.Entry<>(
            "smaug-bpe", "as Llama 3 cuts, every token reached by merges", args -> new Llama3Split(3, false));
    static final Catalog.Entry<PreTokenizer> QWEN_2 =
            new Catalog.Entry<>("qwen2", "as Qwen 2 cuts: every digit alone", args -> new Llama3Split(1, false));

    private final int digits;
    private final boolean asLlama3;

    private Llama3Split(int digits, boolean asLlama3) {
        this.digits = digits;
        this.asLlama3 = asLlama3;
    }

    @Override
    public int end(byte[] text, int from, int to) {
        int contraction = Runs.contraction(text, from, to, true);
        if (contraction > 0) return contraction;
        int c = Utf8.at(text, from);
        if (Utf8.isLetter(c)) return Runs.letters(text, from, to);
        if (Utf8.isNumber(c)) return Runs.numbers(text, from, to, digits);
        int second = from + Utf8.length(text[from]);
        if (c != '\r' && c != '\n' && second < to && Utf8.isLetter(Utf8.at(text, second))) {
            return Runs.letters(text, second, to);
        }
        int start = c == ' ' && second < to ? second : from;
        if (Utf8.isOther(Utf8.at(text, start))) {
            int end = Runs.others(text, start, to);
            while (end < to && (text[end] == '\r' || text[end] == '\n')) end++;
            return end;
        }
        return Runs.spaces(text, from, to, true);
    }

    @Override
    public boolean takesWholeTokens() {
        return asLlama3;
    }

    @Override
    public boolean addsBos() {
        return asLlama3;
    }
}
