// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenType;
import dev.jay.tensor.Catalog;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * SentencePiece's byte-pair encoding (Llama 1 and 2, Mistral, Phi-3, Gemma): neighbours that make a token merge, the
 * token of the highest score first, the left one among equals. A space is written U+2581; a character without a token
 * falls to the tokens of its bytes, or to the unknown token.
 */
final class ScoredPairs implements TextCoding {
    static final Catalog.Entry<TokenizerKind> ENTRY =
            new Catalog.Entry<>("llama", "SentencePiece byte-pair encoding, by scores", args -> ScoredPairs::read);

    private static final String SCORES = "tokenizer.ggml.scores";
    private static final byte[] SPACE = {(byte) 0xE2, (byte) 0x96, (byte) 0x81};

    private final Vocabulary vocabulary;
    /** By token: the less, the earlier it merges. */
    private final int[] order;
    /** The token of each byte, or -1. */
    private final int[] byteTokens;

    private final int unknown;
    private final SentenceText writing;
    /** Whether no token holds a space behind anything else, so that nothing merges across a word's beginning. */
    private final boolean wordsApart;

    private ScoredPairs(Vocabulary vocabulary, float[] scores, int unknown, SentenceText writing) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        this.writing = writing;
        order = new int[scores.length];
        byteTokens = ByteTokens.of(vocabulary);
        boolean apart = true;
        for (int t = 0; t < order.length; t++) {
            // Flips the order of negative floats' bits; adding 0 makes -0 equal to 0.
            int bits = Float.floatToIntBits(scores[t] + 0f);
            order[t] = ~(bits ^ bits >> 31 & Integer.MAX_VALUE);
            if (vocabulary.isPlain(t)) apart &= spacesLead(vocabulary.bytes(t));
        }
        wordsApart = apart;
        if (unknown < 0) {
            for (int b = 0; b < 256; b++) {
                if (byteTokens[b] < 0) {
                    throw new MalformedModelException("reading the vocabulary: it has neither a token for the byte " + b
                            + " nor an unknown token");
                }
            }
        }
    }

    static Tokenizer read(Metadata metadata) {
        Vocabulary vocabulary = Vocabulary.read(metadata);
        float[] scores = metadata.reals(SCORES);
        if (scores.length != vocabulary.size()) {
            throw new MalformedModelException("reading the vocabulary: " + SCORES + " has " + scores.length
                    + " entries for " + vocabulary.size() + " tokens");
        }
        SpecialIds ids = SpecialIds.read(metadata, vocabulary, SpecialIds.Defaults.of(1, 2, 0, true, false));
        TextCoding coding = new ScoredPairs(vocabulary, scores, ids.unknown(), SentenceText.read(metadata));
        return new VocabularyTokenizer(metadata, vocabulary, ids, coding);
    }

    private static boolean isSpace(byte[] text, int at) {
        return at + 2 < text.length && text[at] == SPACE[0] && text[at + 1] == SPACE[1] && text[at + 2] == SPACE[2];
    }

    private static boolean spacesLead(byte[] text) {
        int at = 0;
        while (isSpace(text, at)) at += 3;
        for (; at < text.length; at++) if (isSpace(text, at)) return false;
        return true;
    }

    @Override
    public void encode(byte[] text, int from, int to, boolean afterSpecial, TokenList out) {
        byte[] escaped = writing.write(text, from, to, afterSpecial);
        Merger merger = new Merger(escaped);
        int at = 0;
        for (int i = 1; wordsApart && i < escaped.length; i++) {
            if (!isSpace(escaped, i) || i >= 3 && isSpace(escaped, i - 3)) continue;
            merger.merge(at, i, out);
            at = i;
        }
        merger.merge(at, escaped.length, out);
    }

    @Override
    public byte[] bytes(int token) {
        byte[] text = vocabulary.bytes(token);
        return switch (vocabulary.type(token)) {
            case TokenType.BYTE -> new byte[] {(byte) ByteTokens.byteOf(vocabulary, token)};
            case TokenType.USER_DEFINED -> text;
            default ->
                new String(text, StandardCharsets.UTF_8).replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
        };
    }

    @Override
    public boolean addsSpacePrefix() {
        return writing.addsSpacePrefix();
    }

    /** Merges within one word at a time; keeps its arrays from word to word. */
    private final class Merger {
        private final byte[] text;
        /** Of the symbol that begins at a byte of the word: where the next begins; -1 where none does any more. */
        private int[] next = new int[64];

        private int[] previous = new int[64];
        /** Order of the merged token << 32 | where the left symbol begins. Checked again when it comes up. */
        private final LongHeap queue = new LongHeap();

        Merger(byte[] text) {
            this.text = text;
        }

        void merge(int from, int to, TokenList out) {
            int n = to - from;
            if (next.length < n) {
                next = new int[Math.max(n, 2 * next.length)];
                previous = new int[next.length];
            }
            Arrays.fill(next, 0, n, -1);
            for (int i = 0, before = -1; i < n; i = next[i]) {
                next[i] = i + Utf8.length(text[from + i]);
                previous[i] = before;
                before = i;
            }
            for (int i = 0; i < n; i = next[i]) propose(i, from, n);
            while (!queue.isEmpty()) {
                long key = queue.pop();
                int i = (int) key;
                int token = merged(i, from, n);
                if (token < 0 || order[token] != key >> 32) continue;
                int gone = next[i];
                next[i] = next[gone];
                next[gone] = -1;
                if (next[i] < n) previous[next[i]] = i;
                if (previous[i] >= 0) propose(previous[i], from, n);
                propose(i, from, n);
            }
            for (int i = 0; i < n; i = next[i]) emit(from + i, from + next[i], out);
        }

        /** The token that the symbol at i and the next make, or -1. */
        private int merged(int i, int from, int n) {
            if (next[i] < 0 || next[i] >= n) return -1;
            return vocabulary.findPlain(text, from + i, from + next[next[i]]);
        }

        private void propose(int i, int from, int n) {
            int token = merged(i, from, n);
            if (token >= 0) queue.push((long) order[token] << 32 | i);
        }

        private void emit(int from, int to, TokenList out) {
            int token = vocabulary.findPlain(text, from, to);
            if (token >= 0) {
                out.add(token);
                return;
            }
            boolean inBytes = ByteTokens.cover(byteTokens, text, from, to);
            for (int i = from; inBytes && i < to; i++) out.add(byteTokens[text[i] & 0xFF]);
            if (!inBytes) out.add(unknown);
        }
    }
}
