// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

/**
 * Numbers by counter: what stands at a place depends on the seed and the place alone, never on what was drawn before, so
 * an answer does not change with its company, with chunking or with a restart. SplitMix64's output function.
 */
final class CounterRandom {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private CounterRandom() {}

    static long bits(long seed, long place) {
        return mix(mix(seed) + (place + 1) * GOLDEN);
    }

    /** In [0, 1), a multiple of 2^-53. */
    static double unit(long seed, long place) {
        return (bits(seed, place) >>> 11) * 0x1p-53;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
