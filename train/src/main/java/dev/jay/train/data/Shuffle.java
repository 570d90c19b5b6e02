// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

/** Random numbers and orders that follow from a seed and a place alone: nothing need be remembered to go on. */
public final class Shuffle {
    private static final int ROUNDS = 4; // of the permutation
    private static final long STEP = 0x9E3779B97F4A7C15L;

    private Shuffle() {}

    /** The {@code i}-th number of a stream. */
    public static long number(long seed, long i) {
        return mix(seed + STEP * (i + 1));
    }

    /** Where i goes in a permutation of [0, count): a Feistel network over the next power of four, walked until inside. */
    public static long permuted(long i, long count, long key) {
        int half = (64 - Long.numberOfLeadingZeros(Math.max(1, count - 1)) + 1) / 2;
        long mask = (1L << half) - 1;
        long v = i;
        do {
            long left = v >>> half;
            long right = v & mask;
            for (int round = 0; round < ROUNDS; round++) {
                long next = left ^ mix(right + mix(key + round)) & mask;
                left = right;
                right = next;
            }
            v = left << half | right;
        } while (v >= count);
        return v;
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
