// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

/** The two 16-bit floats. Rounds to nearest, ties to even; a NaN stays a (quiet) NaN of its sign. */
public final class Halves {
    private static final int SIGN = 0x8000;
    private static final int F16_NAN = 0x7E00;
    private static final int BF16_QUIET = 0x40;

    private Halves() {}

    public static short toF16(float v) {
        if (Float.isNaN(v)) return (short) ((Float.floatToRawIntBits(v) >>> 16 & SIGN) | F16_NAN);
        return Float.floatToFloat16(v);
    }

    public static float fromF16(short bits) {
        return Float.float16ToFloat(bits);
    }

    public static short toBf16(float v) {
        int bits = Float.floatToRawIntBits(v);
        if (Float.isNaN(v)) return (short) (bits >>> 16 | BF16_QUIET);
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    public static float fromBf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
