// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;

/**
 * WordPiece (BERT): of each word the longest token that begins it, then the longest that goes on, and so forth; a word
 * that cannot be written so, or is longer than words may be, is the unknown token.
 */
final class WordPieces implements PieceCoding {
    private final TokenPrefixes prefixes;
    private final int unknown;
    private final byte[] beginning;
    private final byte[] continuing;
    private final int mostCharacters;

    /**
     * @param beginning  what a token that begins a word has in front
     * @param continuing what one that goes on has in front
     */
    WordPieces(Vocabulary vocabulary, int unknown, String beginning, String continuing, int mostCharacters) {
        this.prefixes = new TokenPrefixes(vocabulary);
        this.unknown = unknown;
        this.beginning = Utf8.of(beginning);
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
        if (unknown < 0) {
            throw new IllegalArgumentException(
                    "encoding: the vocabulary has no tokens for a word and no unknown token, word="
                            + MalformedModelException.shown(Utf8.text(text, from, to)));
        }
        out.add(unknown);
    }

    private boolean cover(byte[] text, int from, int to, TokenList out) {
        int room = Math.max(beginning.length, continuing.length);
        byte[] word = new byte[room + to - from];
        System.arraycopy(text, from, word, room, to - from);
        byte[] mark = beginning;
        int[] longest = new int[2]; // where it ends, and the token
        for (int at = room; at < word.length; mark = continuing) {
            // the mark is written over what is already covered
            int start = at - mark.length;
            System.arraycopy(mark, 0, word, start, mark.length);
            // the last that is found is the longest; it must be more than the mark
            longest[0] = at;
            int begin = at;
            prefixes.find(word, start, word.length, (token, end) -> {
                boolean whole = end == word.length || (word[end] & 0xC0) != 0x80;
                if (end <= begin || !whole) return;
                longest[0] = end;
                longest[1] = token;
            });
            if (longest[0] == at) return false;
            out.add(longest[1]);
            at = longest[0];
        }
        return true;
    }
}
