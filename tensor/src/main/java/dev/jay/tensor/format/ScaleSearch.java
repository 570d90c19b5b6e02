// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.util.Arrays;

/**
 * Finds the scale with which a few weights are coded best, by trying several and keeping the one of least weighted squared
 * error. Plain float arithmetic in a fixed order, so that its result is the same everywhere and equal
 * to ggml's.
 */
final class ScaleSearch {
    /** Below this a group of weights counts as zero. */
    static final float NOTHING = 1e-15f;

    private static final float MAGIC = 0x1.8p23f; // adding it leaves a float's whole part in its lowest bits
    private static final int MANTISSA = 0x7FFFFF;
    private static final int MIDDLE = 0x400000;
    private static final int SYMMETRIC_TRIES = 9;
    private static final int POSITIVE_TRIES = 4;
    private static final int ROUNDS = 5;

    private ScaleSearch() {}

    /** To the nearest whole number, halves to even. Of no meaning where the magnitude is above 2^22. */
    static int nearest(float v) {
        return (Float.floatToRawIntBits(v + MAGIC) & MANTISSA) - MIDDLE;
    }

    private static int symmetricCode(float v, int most) {
        return Math.clamp(nearest(v), -most, most - 1);
    }

    /** The first of the largest magnitude. */
    static float extreme(float[] x, int from, int count) {
        float extreme = 0;
        for (int i = from; i < from + count; i++) {
            if (Math.abs(x[i]) > Math.abs(extreme)) extreme = x[i];
        }
        return extreme;
    }

    /**
     * The scale that makes the weight of the largest magnitude -most, without any search.
     *
     * @param codes receives code + most for each weight
     */
    static float byExtreme(float[] x, int most, byte[] codes) {
        float scale = extreme(x, 0, x.length) / -most;
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < x.length; i++) {
            codes[i] = (byte) Math.clamp((int) (x[i] * inverse + (most + 0.5f)), 0, 2 * most - 1);
        }
        return scale;
    }

    /**
     * A scale such that {@code x = scale * code} with codes from -most to most - 1.
     *
     * @param importance of each weight, as x is indexed; null: each matters by its square
     * @param codes      receives code + most for each weight
     */
    static float symmetric(float[] x, int from, int count, int most, byte[] codes, float[] importance) {
        float extreme = extreme(x, from, count);
        if (Math.abs(extreme) < NOTHING) {
            for (int i = from; i < from + count; i++) codes[i] = 0;
            return 0;
        }
        float scale = 0;
        float best = 0;
        for (int attempt = -SYMMETRIC_TRIES - 1; attempt <= SYMMETRIC_TRIES; attempt++) {
            boolean first = attempt < -SYMMETRIC_TRIES; // the plain scale is tried first and wins ties
            if (attempt == 0) continue;
            float inverse = (first ? -most : -(most + 0.1f * attempt)) / extreme;
            float dot = 0;
            float square = 0;
            for (int i = from; i < from + count; i++) {
                int code = symmetricCode(inverse * x[i], most);
                float w = importance == null ? x[i] * x[i] : importance[i];
                dot += w * x[i] * code;
                square += w * code * code;
            }
            if (first || square > 0 && dot * dot > best * square) {
                for (int i = from; i < from + count; i++) {
                    codes[i] = (byte) (symmetricCode(inverse * x[i], most) + most);
                }
                scale = square == 0 ? 0 : dot / square;
                best = scale * dot;
            }
        }
        return scale;
    }

    /**
     * As {@link #symmetric}, but from the plain scale on it moves single codes as long as that helps.
     *
     * @param codes receives code + most for each weight
     */
    static float refined(float[] x, int from, int count, int most, byte[] codes) {
        float extreme = extreme(x, from, count);
        if (Math.abs(extreme) < NOTHING) {
            for (int i = from; i < from + count; i++) codes[i] = 0;
            return 0;
        }
        float inverse = -most / extreme;
        float dot = 0;
        float square = 0;
        for (int i = from; i < from + count; i++) {
            int code = symmetricCode(inverse * x[i], most);
            codes[i] = (byte) code;
            float w = x[i] * x[i];
            dot += w * x[i] * code;
            square += w * code * code;
        }
        boolean moved = true;
        for (int round = 0; round < ROUNDS && moved; round++) {
            moved = false;
            for (int i = from; i < from + count; i++) {
                float w = x[i] * x[i];
                float dotWithout = dot - w * x[i] * codes[i];
                if (!(dotWithout > 0)) continue;
                float squareWithout = square - w * codes[i] * codes[i];
                int code = symmetricCode(x[i] * squareWithout / dotWithout, most);
                if (code == codes[i]) continue;
                float newDot = dotWithout + w * x[i] * code;
                float newSquare = squareWithout + w * code * code;
                if (newSquare > 0 && newDot * newDot * square > dot * dot * newSquare) {
                    codes[i] = (byte) code;
                    dot = newDot;
                    square = newSquare;
                    moved = true;
                }
            }
        }
        for (int i = from; i < from + count; i++) codes[i] += (byte) most;
        return square > 0 ? dot / square : 0;
    }

    /**
     * A scale such that {@code x = scale * code} with codes from 0 to most, for x that are not negative.
     *
     * @param codes receives the code of each
     */
    static float positive(float[] x, int most, int[] codes, float[] importance) {
        float largest = 0;
        for (float v : x) largest = Math.max(largest, v);
        if (largest < NOTHING) {
            Arrays.fill(codes, 0);
            return 0;
        }
        float inverse = most / largest;
        float best = positiveError(x, inverse, Integer.MAX_VALUE, importance);
        for (int attempt = -POSITIVE_TRIES; attempt <= POSITIVE_TRIES; attempt++) {
            if (attempt == 0) continue;
            float trial = (0.1f * attempt + most) / largest;
            float error = positiveError(x, trial, most, importance);
            if (error < best) {
                best = error;
                inverse = trial;
            }
        }
        float dot = 0;
        float square = 0;
        for (int i = 0; i < x.length; i++) {
            codes[i] = Math.min(most, nearest(inverse * x[i])) & 0xFF;
            dot += importance[i] * x[i] * codes[i];
            square += importance[i] * codes[i] * codes[i];
        }
        boolean moved = true;
        for (int round = 0; round < ROUNDS && moved; round++) {
            moved = false;
            for (int i = 0; i < x.length; i++) {
                float w = importance[i];
                float dotWithout = dot - w * x[i] * codes[i];
                float squareWithout = square - w * codes[i] * codes[i];
                if (!(dotWithout > 0 && squareWithout > 0)) continue;
                int code = Math.min(most, nearest(x[i] * squareWithout / dotWithout));
                if (code == codes[i]) continue;
                float newDot = dotWithout + w * x[i] * code;
                float newSquare = squareWithout + w * code * code;
                if (newDot * newDot * square > dot * dot * newSquare) {
                    codes[i] = code & 0xFF;
                    dot = newDot;
                    square = newSquare;
                    moved = true;
                }
            }
        }
        return square > 0 ? dot / square : 0;
    }

    private static float positiveError(float[] x, float inverse, int most, float[] importance) {
        float scale = 1 / inverse;
        float error = 0;
        for (int i = 0; i < x.length; i++) {
            float miss = x[i] - scale * Math.min(most, nearest(inverse * x[i]));
            error += importance[i] * miss * miss;
        }
        return error;
    }
}
