// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

/**
 * exp in f32, within 3e-7 of it: 2^n by the exponent's bits, times a polynomial (Cephes). No branch, no call: loops over
 * it become vector code.
 */
final class FastExp {
    private static final float MAGIC =
            12582912f; // 1.5 * 2^23: adding it leaves the nearest whole number in the low bits
    private static final float LOG2_E = 1.44269504f;

    private FastExp() {}

    static float of(float v) {
        float x = Math.max(-87f, Math.min(88f, v));
        float shifted = x * LOG2_E + MAGIC;
        float n = shifted - MAGIC;
        float r = x - n * 0.693359375f + n * 2.12194440e-4f;
        float p = 1.9875691500e-4f;
        p = p * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = p * r * r + r + 1;
        return p * Float.intBitsToFloat((Float.floatToRawIntBits(shifted) << 23) + 0x3F800000);
    }
}
