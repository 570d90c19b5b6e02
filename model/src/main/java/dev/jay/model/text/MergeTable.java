// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Which pairs of symbols merge, in which order, into what. A symbol is a token, or a text that is none but that merges
 * pass through: those are numbered from the size of the vocabulary.
 */
final class MergeTable {
    private static final int MOST_OTHERS = 1 << 16; // real vocabularies have none or a few

    private final int vocabularySize;
    private final int[] lefts;
    private final int[] rights;
    private final int[] merged;
    /** Rank + 1, or 0; a power of two, at most half full. */
    private final int[] slots;

    /** Unlike in any other run, so that nobody can write pairs that all fall into one slot. */
    private final long seed = ThreadLocalRandom.current().nextLong();

    private final int[] byteSymbols = new int[256];
    private final int otherCount;

    MergeTable(Vocabulary vocabulary, List<String> merges) {
        this(vocabulary, merges, 0);
    }

    /**
     * @param merges the lines {@code left right}, first come first merged; where a pair stands twice the first counts
     * @param marked characters in front of every right half that say it is no beginning, and which merging takes away
     */
    MergeTable(Vocabulary vocabulary, List<String> merges, int marked) {
        vocabularySize = vocabulary.size();
        Map<String, Integer> others = new HashMap<>();
        int n = merges.size();
        lefts = new int[n];
        rights = new int[n];
        merged = new int[n];
        slots = new int[Integer.highestOneBit(Math.max(4, n)) * 4];
        for (int rank = 0; rank < n; rank++) {
            String line = merges.get(rank);
            int space = line.indexOf(' ', 1);
            if (space < 0 || space == line.length() - 1) {
                throw new MalformedModelException("reading the vocabulary: tokenizer.ggml.merges[" + rank + "] is "
                        + MalformedModelException.shown(line) + ", wanted two texts with a space between");
            }
            String left = line.substring(0, space);
            String right = line.substring(space + 1);
            lefts[rank] = symbol(vocabulary, left, others);
            rights[rank] = symbol(vocabulary, right, others);
            merged[rank] = symbol(vocabulary, left + right.substring(Math.min(marked, right.length())), others);
            int slot = slot(lefts[rank], rights[rank]);
            if (slots[slot] == 0) slots[slot] = rank + 1;
        }
        otherCount = others.size();
        byte[] one = new byte[1];
        byte[] letter = new byte[2];
        for (int b = 0; b < 256; b++) {
            one[0] = (byte) b;
            int length = ByteLetters.write(one, 0, 1, letter);
            byteSymbols[b] = symbol(vocabulary, new String(letter, 0, length, StandardCharsets.UTF_8), others);
        }
    }

    /** How many texts the merges name that are no tokens. */
    int otherCount() {
        return otherCount;
    }

    private static int symbol(Vocabulary vocabulary, String text, Map<String, Integer> others) {
        byte[] bytes = Utf8.of(text);
        int token = vocabulary.findPlain(bytes, 0, bytes.length);
        if (token >= 0) return token;
        if (others.size() >= MOST_OTHERS) {
            throw new MalformedModelException("reading the vocabulary: tokenizer.ggml.merges names more than "
                    + MOST_OTHERS + " texts that are no tokens");
        }
        return others.computeIfAbsent(text, t -> vocabulary.size() + others.size());
    }

    boolean isToken(int symbol) {
        return symbol < vocabularySize;
    }

    int ofByte(byte b) {
        return byteSymbols[b & 0xFF];
    }

    /** The rank of the pair: the less, the earlier it merges. -1 if it does not. */
    int rank(int left, int right) {
        return slots[slot(left, right)] - 1;
    }

    int merged(int rank) {
        return merged[rank];
    }

    private int slot(int left, int right) {
        long h = ((long) left << 32 | right) ^ seed;
        h = (h ^ h >>> 33) * 0xFF51AFD7ED558CCDL;
        h = (h ^ h >>> 33) * 0xC4CEB9FE1A85EC53L;
        int mask = slots.length - 1;
        for (int s = (int) (h >>> 32) & mask; ; s = s + 1 & mask) {
            int rank = slots[s] - 1;
            if (rank < 0 || lefts[rank] == left && rights[rank] == right) return s;
        }
    }
}
