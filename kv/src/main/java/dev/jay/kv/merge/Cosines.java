// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import java.util.Arrays;

/** How nearly keys point the same way. A block of forgotten keys against a tile of kept ones at a time. */
final class Cosines {
    private static final int TILE = 64; // tokens

    private Cosines() {}

    /**
     * For each forgotten slot the index of the kept one whose key has the largest cosine with its own, the earliest of
     * equal ones, and that cosine. 0 with a key that is 0, or not a number.
     */
    static void nearest(KvParting parting, int[] into, float[] cosines) {
        int width = parting.width();
        int[] kept = parting.kept();
        int[] forgotten = parting.forgotten();
        float[] rows = new float[TILE * width];
        float[] columns = new float[width * TILE]; // [channel][slot]
        float[] scores = new float[TILE];
        Arrays.fill(cosines, Float.NEGATIVE_INFINITY);
        for (int first = 0; first < forgotten.length; first += TILE) {
            int end = Math.min(forgotten.length, first + TILE);
            for (int i = first; i < end; i++) directed(parting, forgotten[i], rows, (i - first) * width);
            for (int from = 0; from < kept.length; from += TILE) {
                int count = Math.min(TILE, kept.length - from);
                columns(parting, from, count, columns);
                for (int i = first; i < end; i++) {
                    score(rows, (i - first) * width, width, columns, scores);
                    for (int s = 0; s < count; s++) {
                        if (!(scores[s] > cosines[i])) continue;
                        cosines[i] = scores[s];
                        into[i] = from + s;
                    }
                }
            }
        }
    }

    private static void columns(KvParting parting, int from, int count, float[] columns) {
        float[] key = new float[parting.width()];
        for (int s = 0; s < count; s++) {
            directed(parting, parting.kept()[from + s], key, 0);
            for (int c = 0; c < key.length; c++) columns[c * TILE + s] = key[c];
        }
    }

    /** A key, as long as 1. */
    private static void directed(KvParting parting, int slot, float[] into, int at) {
        int width = parting.width();
        parting.key(slot, into, at);
        double squares = 0;
        for (int c = 0; c < width; c++) squares += (double) into[at + c] * into[at + c];
        double over = squares > 0 && squares < Double.POSITIVE_INFINITY ? 1 / Math.sqrt(squares) : 0;
        for (int c = 0; c < width; c++) into[at + c] = over == 0 ? 0 : (float) (into[at + c] * over);
    }

    private static void score(float[] rows, int at, int width, float[] columns, float[] scores) {
        Arrays.fill(scores, 0);
        for (int c = 0; c < width; c++) {
            float r = rows[at + c];
            for (int s = 0; s < TILE; s++) scores[s] += r * columns[c * TILE + s];
        }
    }
}
