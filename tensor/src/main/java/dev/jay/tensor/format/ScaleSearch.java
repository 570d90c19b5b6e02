// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

/**
 * Finds the scale (and offset) with which a few weights are coded best, by trying several and keeping the one of least
 * weighted squared error. Plain float arithmetic in a fixed order, so that its result is the same everywhere and equal
 * to ggml's.
 */
final class ScaleSearch {
    /** Below this a group of weights counts as zero. */
    static final float NOTHING = 1e-15f;

    private static final float MAGIC = 0x1.8p23f; // adding it leaves a float's whole part in its lowest bits
    private static final int MANTISSA = 0x7FFFFF;
    private static final int MIDDLE = 0x400000;
    private static final int SYMMETRIC_TRIES = 9;

    private ScaleSearch() {}

    /** To the nearest whole number, halves to even. Of no meaning where the magnitude is above 2^22. */
    static int nearest(float v) {
        return (Float.floatToRawIntBits(v + MAGIC) & MANTISSA) - MIDDLE;
    }

    private static int symmetricCode(float v, int most) {
        return Math.clamp(nearest(v), -most, most - 1);
    }

    private static int offsetCode(float v, int most) {
        return Math.clamp(nearest(v), 0, most);
    }

    /**
     * A scale such that {@code x = scale * code} with codes from -most to most - 1; each weight matters by its square.
     *
     * @param codes receives code + most for each weight
     */
    static float symmetric(float[] x, int from, int count, int most, byte[] codes) {
        float extreme = 0;
        for (int i = from; i < from + count; i++) {
            if (Math.abs(x[i]) > Math.abs(extreme)) extreme = x[i];
        }
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
                float importance = x[i] * x[i];
                dot += importance * x[i] * code;
                square += importance * code * code;
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
     * A scale and an offset such that {@code x = scale * code - offset} with codes from 0 to most and an offset that
     * is not negative. Scratch and result of one search; reused for the next.
     */
    static final class WithOffset {
        private final float[] importance;
        private final byte[] trial;
        private final float firstTry;
        private final int tries;
        float scale;
        float offset;

        /** Tries ranges of codes from {@code most + firstTry} on, in steps of a tenth, {@code tries} more after the first. */
        WithOffset(int count, float firstTry, int tries) {
            this.importance = new float[count];
            this.trial = new byte[count];
            this.firstTry = firstTry;
            this.tries = tries;
        }

        /** Each weight matters by its magnitude plus that of the group. */
        void run(float[] x, int from, int most, byte[] codes) {
            int count = importance.length;
            float squares = 0;
            for (int i = 0; i < count; i++) squares += x[from + i] * x[from + i];
            float typical = (float) Math.sqrt(squares / count);
            float least = x[from];
            float largest = x[from];
            float sumImportance = 0;
            float sumX = 0;
            for (int i = 0; i < count; i++) {
                float v = x[from + i];
                float w = typical + Math.abs(v);
                if (v < least) least = v;
                if (v > largest) largest = v;
                importance[i] = w;
                sumImportance += w;
                sumX += w * v;
            }
            if (least > 0) least = 0;
            if (largest == least) {
                scale = 0;
                offset = -least;
                for (int i = 0; i < count; i++) codes[from + i] = 0;
                return;
            }
            search(x, from, most, codes, least, largest, sumImportance, sumX);
        }

        private void search(
                float[] x,
                int from,
                int most,
                byte[] codes,
                float least,
                float largest,
                float sumImportance,
                float sumX) {
            int count = importance.length;
            float inverse = most / (largest - least);
            scale = 1 / inverse;
            for (int i = 0; i < count; i++) codes[from + i] = (byte) offsetCode(inverse * (x[from + i] - least), most);
            float best = error(x, from, codes, from, scale, least);
            for (int attempt = 0; attempt <= tries; attempt++) {
                inverse = (firstTry + 0.1f * attempt + most) / (largest - least);
                float sumCode = 0;
                float sumSquare = 0;
                float sumProduct = 0;
                for (int i = 0; i < count; i++) {
                    int code = offsetCode(inverse * (x[from + i] - least), most);
                    trial[i] = (byte) code;
                    float w = importance[i];
                    sumCode += w * code;
                    sumSquare += w * code * code;
                    sumProduct += w * code * x[from + i];
                }
                float determinant = sumImportance * sumSquare - sumCode * sumCode;
                if (!(determinant > 0)) continue;
                float newScale = (sumImportance * sumProduct - sumX * sumCode) / determinant;
                float newLeast = (sumSquare * sumX - sumCode * sumProduct) / determinant;
                if (newLeast > 0) {
                    newLeast = 0;
                    newScale = sumProduct / sumSquare;
                }
                float error = error(x, from, trial, 0, newScale, newLeast);
                if (error < best) {
                    System.arraycopy(trial, 0, codes, from, count);
                    best = error;
                    scale = newScale;
                    least = newLeast; // the next attempts start from it
                }
            }
            offset = -least;
        }

        private float error(float[] x, int from, byte[] codes, int codesFrom, float scale, float least) {
            float sum = 0;
            for (int i = 0; i < importance.length; i++) {
                float miss = scale * codes[codesFrom + i] + least - x[from + i];
                sum += importance[i] * (miss * miss);
            }
            return sum;
        }
    }
}
