// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

/** Random values that follow from a stream and a place alone. */
public final class Noise {
    private Noise() {}

    /** Nearly normal, of deviation 1: a sum of four even numbers. */
    public static float normal(long stream, long i) {
        long r = mix(stream + i * 0x9E3779B97F4A7C15L);
        int sum = (int) (r & 0xFFFF) + (int) (r >>> 16 & 0xFFFF) + (int) (r >>> 32 & 0xFFFF) + (int) (r >>> 48);
        return (sum - 2 * 0xFFFF) / 37837.2f;
    }

    /** The finaliser of SplitMix64. */
    public static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
