// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvStream;
import dev.jay.kv.evict.KvCalibration;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Directions that a test makes up, for codecs that must be told some. */
public final class Bases {
    private Bases() {}

    /** Random ones at right angles, along which variances fall by a third each. */
    public static KvBasis random(long seed, int width, int rank) {
        Random random = new Random(seed);
        float[] mean = new float[width];
        for (int c = 0; c < width; c++) mean[c] = (float) random.nextGaussian();
        float[] variances = new float[rank];
        double[][] v = new double[rank][width];
        float[] vectors = new float[rank * width];
        for (int r = 0; r < rank; r++) {
            variances[r] = (float) (10 * Math.pow(1.5, -r));
            for (int c = 0; c < width; c++) v[r][c] = random.nextGaussian();
            for (int q = 0; q < r; q++) take(v[r], v[q], dot(v[r], v[q]));
            double length = Math.sqrt(dot(v[r], v[r]));
            for (int c = 0; c < width; c++) {
                v[r][c] /= length;
                vectors[r * width + c] = (float) v[r][c];
            }
        }
        return new KvBasis(mean, variances, vectors);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static void take(double[] from, double[] what, double times) {
        for (int i = 0; i < from.length; i++) from[i] -= times * what[i];
    }

    /** A recipe for a stream, told of such directions if it wants to be. */
    public static KvRecipe recipe(String text, KvStream stream) {
        KvRecipe recipe = KvRecipe.parse(text);
        if (!recipe.wantsBases()) return recipe;
        KvBasis keys = random(1, stream.heads() * stream.keyWidth(), 32);
        KvBasis values = random(2, stream.heads() * stream.valueWidth(), 32);
        List<KvCalibration.Bases> one = Collections.nCopies(1, new KvCalibration.Bases(keys, values));
        return recipe.each(1, KvCalibration.NONE.withBases(one)).getFirst();
    }
}
