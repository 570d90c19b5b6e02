// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

/**
 * Finds a scale and an offset such that {@code x = scale * code - offset}, with codes from 0 to most and an offset that is
 * not negative, by trying several ranges of codes and keeping the one of least weighted error. Scratch and result of one
 * search; reused for the next. In a fixed order, as {@link ScaleSearch}.
 */
final class OffsetSearch {
    /**
     * Which ranges of codes are tried: from {@code most + first} on, in steps, so many more after the first.
     *
     * @param absolute whether a mistake counts by its magnitude, and not by its square
     */
    record Tries(float first, float step, int more, boolean absolute) {}

    /** Of each weight; filled by the caller. */
    final float[] importance;

    float scale;
    float offset;
    private final byte[] trial;
    private final Tries tries;

    OffsetSearch(int count, Tries tries) {
        this.importance = new float[count];
        this.trial = new byte[count];
        this.tries = tries;
    }

    static float least(float[] x) {
        float least = Float.MAX_VALUE;
        for (float v : x) if (v < least) least = v;
        return least;
    }

    /** The scale with which codes from 0 to most reach from the least weight to the largest, without any search. */
    static float byRange(float[] x, float least, int most, byte[] codes) {
        float largest = -Float.MAX_VALUE;
        for (float v : x) if (v > largest) largest = v;
        float scale = (largest - least) / most;
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < x.length; i++) {
            codes[i] = (byte) Math.clamp((int) ((x[i] - least) * inverse + 0.5f), 0, most);
        }
        return scale;
    }

    void run(float[] x, int from, int most, byte[] codes) {
        int count = importance.length;
        float least = x[from];
        float largest = x[from];
        float sumImportance = 0;
        float sumX = 0;
        for (int i = 0; i < count; i++) {
            float v = x[from + i];
            float w = importance[i];
            if (v < least) least = v;
            if (v > largest) largest = v;
            sumImportance += w;
            sumX += w * v;
        }
        if (least > 0) least = 0;
        if (largest <= least) {
            scale = 0;
            offset = -least;
            for (int i = 0; i < count; i++) codes[from + i] = 0;
            return;
        }
        search(x, from, most, codes, least, largest, sumImportance, sumX);
    }

    private void search(
            float[] x, int from, int most, byte[] codes, float least, float largest, float sumImportance, float sumX) {
        int count = importance.length;
        float inverse = most / (largest - least);
        scale = 1 / inverse;
        for (int i = 0; i < count; i++) codes[from + i] = (byte) code(inverse * (x[from + i] - least), most);
        float best = error(x, from, codes, from, scale, least);
        for (int attempt = 0; attempt <= tries.more; attempt++) {
            inverse = (tries.first + tries.step * attempt + most) / (largest - least);
            float sumCode = 0;
            float sumSquare = 0;
            float sumProduct = 0;
            for (int i = 0; i < count; i++) {
                int code = code(inverse * (x[from + i] - least), most);
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

    private static int code(float v, int most) {
        return Math.clamp(ScaleSearch.nearest(v), 0, most);
    }

    private float error(float[] x, int from, byte[] codes, int codesFrom, float trialScale, float least) {
        float sum = 0;
        for (int i = 0; i < importance.length; i++) {
            float miss = trialScale * codes[codesFrom + i] + least - x[from + i];
            sum += importance[i] * (tries.absolute ? Math.abs(miss) : miss * miss);
        }
        return sum;
    }
}
