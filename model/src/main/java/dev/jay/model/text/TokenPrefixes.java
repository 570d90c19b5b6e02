// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.stream.IntStream;

/**
 * Which tokens begin at a place of a text, from the shortest on: the tokens in the order of their bytes, narrowed byte by
 * byte. Immutable.
 */
final class TokenPrefixes {
    private final Vocabulary vocabulary;
    private final int[] sorted;
    /** Where the tokens with each first byte begin. */
    private final int[] first = new int[257];

    TokenPrefixes(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
        sorted = IntStream.range(0, vocabulary.size())
                .filter(t -> vocabulary.isPlain(t) && vocabulary.length(t) > 0)
                .boxed()
                .sorted(vocabulary::compare)
                .mapToInt(t -> t)
                .toArray();
        int at = 0;
        for (int b = 0; b < 256; b++) {
            first[b] = at;
            while (at < sorted.length && (vocabulary.byteAt(sorted[at], 0) & 0xFF) == b) at++;
        }
        first[256] = at;
    }

    /** Takes tokens and where they end. */
    interface Found {
        void token(int token, int end);
    }

    void find(byte[] text, int from, int to, Found found) {
        int low = first[text[from] & 0xFF];
        int high = first[(text[from] & 0xFF) + 1];
        for (int depth = 1; low < high; depth++) {
            // of equal texts the later token counts, as in the vocabulary
            int last = -1;
            while (low < high && vocabulary.length(sorted[low]) == depth) last = sorted[low++];
            if (last >= 0) found.token(last, from + depth);
            if (from + depth == to) return;
            int b = text[from + depth] & 0xFF;
            low = bound(low, high, depth, b);
            high = bound(low, high, depth, b + 1);
        }
    }

    /** The first of these tokens whose byte at a depth is at least b. */
    private int bound(int low, int high, int depth, int b) {
        int from = low;
        int to = high;
        while (from < to) {
            int middle = from + to >>> 1;
            if ((vocabulary.byteAt(sorted[middle], depth) & 0xFF) < b) from = middle + 1;
            else to = middle;
        }
        return from;
    }
}
