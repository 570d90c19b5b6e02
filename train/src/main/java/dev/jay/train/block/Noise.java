// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

/** Random values that follow from a stream and a place alone. */
public final class Noise {
    private Noise() {}

    /** Nearly normal, of deviation 1: a sum of four even numbers. */
    public static float normal(long stream, long i) {
        long r = mix(stream + i * 0x9E3779B97F4A7C15L);
        long sum = (r & 0xFFFF) + (r >>> 16 & 0xFFFF) + (r >>> 32 & 0xFFFF) + (r >>> 48);
        return (sum - 2 * 0xFFFF) / 37837.2f;
    }

    /** Those from a place on. */
    public static void normal(long stream, long from, float[] to) {
        for (int i = 0; i < to.length; i++) to[i] = normal(stream, from + i);
    }

    /** A size with random signs, 64 of them by one draw; {@code from} is a multiple of 64. */
    public static void signs(long stream, long from, float size, float[] to) {
        int bits = Float.floatToRawIntBits(size);
        for (int at = 0; at < to.length; at += Long.SIZE) {
            long drawn = mix(stream + (from + at) / Long.SIZE * 0x9E3779B97F4A7C15L);
            int end = Math.min(Long.SIZE, to.length - at);
            for (int i = 0; i < end; i++) {
                to[at + i] = Float.intBitsToFloat(bits ^ (int) (drawn >>> i & 1) << 31);
            }
        }
    }

    /** The finaliser of SplitMix64. */
    public static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
