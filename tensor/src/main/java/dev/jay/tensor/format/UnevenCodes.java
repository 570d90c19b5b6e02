// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

/** What iq4_nl and iq4_xs have in common: codes of four bits that stand for 16 values, closer together near zero. */
final class UnevenCodes {
    private static final int[] VALUES = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    private static final byte[] BELOW = below();
    static final int TRIES = 7; // to either side

    private UnevenCodes() {}

    /** For each whole number from the least value on, the code of the greatest value that is not above it; of the last, the one before. */
    private static byte[] below() {
        int last = VALUES.length - 1;
        byte[] below = new byte[VALUES[last] - VALUES[0] + 1];
        for (int i = 0, code = 0; i < below.length; i++) {
            if (code + 1 < last && VALUES[code + 1] - VALUES[0] <= i) code++;
            below[i] = (byte) code;
        }
        return below;
    }

    static int value(int code) {
        return VALUES[code];
    }

    /** The code of the nearest value; in the middle between two, the upper one. */
    static int nearest(float v) {
        int last = VALUES.length - 1;
        if (v <= VALUES[0]) return 0;
        if (!(v < VALUES[last])) return last;
        int below = BELOW[(int) (v - VALUES[0])]; // rounded up across a value it is the nearest one's
        return v - VALUES[below] < VALUES[below + 1] - v ? below : below + 1;
    }

    /**
     * A scale such that {@code x = scale * value}, by trying to make the extreme weight each value about the lowest, or each
     * that is {@code step} from the last.
     */
    static float scale(float[] x, int from, int count, float[] importance, int step) {
        float extreme = ScaleSearch.extreme(x, from, count);
        if (Math.abs(extreme) < ScaleSearch.NOTHING) return 0;
        float scale = 0;
        float best = 0;
        for (int attempt = -TRIES - 1; attempt <= TRIES; attempt += attempt < -TRIES ? 1 : step) {
            boolean first = attempt < -TRIES;
            float inverse = first ? 1 / (-extreme / VALUES[0]) : (attempt + VALUES[0]) / extreme;
            float dot = 0;
            float square = 0;
            for (int i = from; i < from + count; i++) {
                float value = VALUES[nearest(inverse * x[i])];
                float w = importance[i];
                dot += w * value * x[i];
                square += w * value * value;
            }
            if (first || square > 0 && dot * dot > best * square) {
                scale = square > 0 ? dot / square : 0;
                best = scale * dot;
            }
        }
        return scale;
    }

    /** How much each weight matters: by its square where nothing is known of its importance. */
    static void weigh(float[] x, float[] importance, float[] to) {
        if (importance == null) {
            for (int i = 0; i < x.length; i++) to[i] = x[i] * x[i];
        } else {
            BlockFormat.weigh(x, importance, BlockFormat.sumOfSquares(x) * (2f / x.length), to);
        }
    }

    /** Codes for this scale. */
    static void code(float[] x, int from, int count, float scale, byte[] codes) {
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = from; i < from + count; i++) codes[i] = (byte) nearest(inverse * x[i]);
    }
}
