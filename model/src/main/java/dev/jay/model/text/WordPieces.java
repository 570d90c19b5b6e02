// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/**
 * WordPiece (BERT): of each word the longest token that begins it, then the longest that goes on, and so forth; a word
 * that cannot be written so, or is longer than words may be, is the unknown token.
 */
final class WordPieces implements PieceCoding {
    private final Vocabulary vocabulary;
    private final int unknown;
    private final byte[] continuing;
    private final int mostCharacters;

    WordPieces(Vocabulary vocabulary, int unknown, String continuing, int mostCharacters) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        this.continuing = Utf8.of(continuing);
        this.mostCharacters = mostCharacters;
    }

    @Override
    public void encode(byte[] text, int from, int to, TokenList out) {
        int size = out.size();
        int characters = 0;
        for (int i = from; i < to; i += Utf8.length(text[i])) characters++;
        if (characters <= mostCharacters && cover(text, from, to, out)) return;
        out.shrink(size);
        out.add(unknown);
    }

    private boolean cover(byte[] text, int from, int to, TokenList out) {
        byte[] word = new byte[continuing.length + to - from];
        System.arraycopy(continuing, 0, word, 0, continuing.length);
        System.arraycopy(text, from, word, continuing.length, to - from);
        int base = continuing.length;
        for (int at = base; at < word.length; ) {
            // the mark of a token that goes on is written over what is already covered
            int start = at == base ? at : at - base;
            if (at > base) System.arraycopy(continuing, 0, word, start, base);
            int end = Math.min(word.length, start + vocabulary.longest());
            while (end < word.length && (word[end] & 0xC0) == 0x80) end--;
            int token = -1;
            while (end > at && token < 0) {
                token = vocabulary.findPlain(word, start, end);
                if (token >= 0) break;
                end--;
                while ((word[end] & 0xC0) == 0x80) end--;
            }
            if (token < 0) return false;
            out.add(token);
            at = end;
        }
        return true;
    }
}
