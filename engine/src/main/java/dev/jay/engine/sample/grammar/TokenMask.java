// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.Arrays;

/** Which tokens may come next: bits, or a list where they are few. Immutable. */
public final class TokenMask {
    private final long[] words; // null where there is a list
    private final int[] few; // sorted
    private final int count;

    private TokenMask(long[] words, int[] few, int count) {
        this.words = words;
        this.few = few;
        this.count = count;
    }

    /** @param words bits by token; not to be written any more */
    static TokenMask of(long[] words) {
        int n = 0;
        for (long word : words) n += Long.bitCount(word);
        if (n > 2 * words.length) return new TokenMask(words, null, n);
        int[] few = new int[n];
        int at = 0;
        for (int w = 0; w < words.length; w++) {
            for (long left = words[w]; left != 0; left &= left - 1)
                few[at++] = 64 * w + Long.numberOfTrailingZeros(left);
        }
        return new TokenMask(null, few, n);
    }

    void addTo(long[] bits) {
        if (words != null) {
            for (int w = 0; w < bits.length; w++) bits[w] |= words[w];
        } else {
            for (int token : few) bits[token >> 6] |= 1L << token;
        }
    }

    public boolean allows(int token) {
        if (words == null) return Arrays.binarySearch(few, token) >= 0;
        return token >> 6 < words.length && (words[token >> 6] & 1L << token) != 0;
    }

    /** How many. */
    public int count() {
        return count;
    }

    /** All of them, lowest first. A fresh array. */
    public int[] tokens() {
        if (words == null) return few.clone();
        int[] all = new int[count];
        int at = 0;
        for (int w = 0; w < words.length; w++) {
            for (long left = words[w]; left != 0; left &= left - 1)
                all[at++] = 64 * w + Long.numberOfTrailingZeros(left);
        }
        return all;
    }

    /** Sets what is not allowed to -infinity. */
    public void apply(float[] logits) {
        if (words == null) {
            int at = 0;
            for (int token : few) {
                Arrays.fill(logits, at, token, Float.NEGATIVE_INFINITY);
                at = token + 1;
            }
            Arrays.fill(logits, at, logits.length, Float.NEGATIVE_INFINITY);
            return;
        }
        for (int w = 0; 64 * w < logits.length; w++) {
            long word = w < words.length ? words[w] : 0;
            int end = Math.min(64, logits.length - 64 * w);
            for (long out = ~word; out != 0; out &= out - 1) {
                int bit = Long.numberOfTrailingZeros(out);
                if (bit >= end) break;
                logits[64 * w + bit] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    long heapBytes() {
        return 48 + (words == null ? 4L * few.length : 8L * words.length);
    }
}
