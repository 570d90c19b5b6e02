// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.kv.KvStream;
import dev.jay.kv.codec.KvBasis;
import dev.jay.kv.evict.KvCalibration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Directions that nobody measured, for speed alone: random ones at right angles, and variances that fall as one over their
 * number, so that every direction of some hundred gets bits.
 */
final class MadeUpBases {
    private static final int MOST = 256; // directions

    private MadeUpBases() {}

    /** The same directions in every layer. */
    static KvCalibration of(List<KvStream> streams) {
        List<KvCalibration.Bases> bases = new ArrayList<>();
        KvStream before = null;
        for (KvStream s : streams) {
            if (s.equals(before)) {
                bases.add(bases.getLast());
                continue;
            }
            KvBasis keys = basis(1, s.heads() * s.keyWidth());
            bases.add(new KvCalibration.Bases(keys, basis(2, s.heads() * s.valueWidth())));
            before = s;
        }
        return KvCalibration.NONE.withBases(bases);
    }

    private static KvBasis basis(long seed, int width) {
        Random random = new Random(seed);
        int rank = Math.min(MOST, width);
        float[] mean = new float[width];
        for (int c = 0; c < width; c++) mean[c] = (float) random.nextGaussian();
        float[] variances = new float[rank];
        double[][] all = new double[rank][width];
        float[] vectors = new float[rank * width];
        for (int r = 0; r < rank; r++) {
            variances[r] = 1f / (r + 1);
            for (int c = 0; c < width; c++) all[r][c] = random.nextGaussian();
            for (int q = 0; q < r; q++) addTimes(-dot(all[r], all[q]), all[q], all[r]);
            double length = Math.sqrt(dot(all[r], all[r]));
            for (int c = 0; c < width; c++) {
                all[r][c] /= length;
                vectors[r * width + c] = (float) all[r][c];
            }
        }
        return new KvBasis(mean, variances, vectors);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static void addTimes(double times, double[] what, double[] to) {
        for (int i = 0; i < to.length; i++) to[i] += times * what[i];
    }
}
