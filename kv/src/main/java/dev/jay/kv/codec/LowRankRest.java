// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.LowRankRows;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;

/**
 * Another codec, and what it leaves: the entries farthest from their channel's mean exactly, and of the rest of its error
 * the part of low rank, found by power iteration (GEAR, row 213; without outliers GEAR-L).
 * {@code [inner][B: width x rank][A: tokens x rank][outliers: position, value]}, all f16 but the positions.
 */
final class LowRankRest implements KvCodec {
    static final Catalog.Entry<KvCodec> CHANNELS = entry("gear-channel", "per-channel", "keys", PerChannel::new);
    static final Catalog.Entry<KvCodec> TOKENS = entry("gear-token", "per-token", "values", PerToken::new);

    private static final int ITERATIONS = 3;
    private static final int OUTLIER_BYTES = 4;

    private final String kind;
    private final KvCodec inner;
    private final int rank;
    private final double outliers; // percent of the entries

    private LowRankRest(String kind, Args args, Function<Args, KvCodec> inner) {
        this.kind = kind;
        this.rank = args.intOf("rank", 4);
        this.outliers = args.doubleOf("outliers", 2);
        this.inner = inner.apply(args);
        if (rank < 0 || rank > 32 || !(outliers >= 0 && outliers <= 25)) {
            throw new IllegalArgumentException(kind + ": rank=" + rank + ", outliers=" + outliers
                    + " percent, allowed: rank 0 to 32, outliers 0 to 25");
        }
    }

    private static Catalog.Entry<KvCodec> entry(String kind, String inner, String whose, Function<Args, KvCodec> made) {
        String summary = inner + ", and of its error rank=4 and outliers=2 percent exactly (GEAR's " + whose + ")";
        return new Catalog.Entry<>(kind, summary, args -> new LowRankRest(kind, args, made));
    }

    @Override
    public String name() {
        return kind + "(rank=" + rank + ",outliers=" + outliers + "," + inner.name() + ")";
    }

    @Override
    public int group() {
        return inner.group();
    }

    private int outlierCount(int width) {
        return (int) (group() * width * outliers / 100);
    }

    @Override
    public LowRankRows format(int width) {
        return new LowRankRows(inner.format(width), rank, outlierCount(width));
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        int tokens = group();
        float[] x = new float[tokens * width];
        MemorySegment.copy(rows, Floats.LAYOUT, from, x, 0, x.length);
        long next = at + inner.groupBytes(width) + 2L * rank * (width + tokens);
        takeOutliers(x, width, page, next);
        MemorySegment plain = MemorySegment.ofArray(x);
        inner.seal(plain, 0, width, page, at);
        float[] got = new float[x.length];
        inner.unseal(page, at, width, MemorySegment.ofArray(got), 0);
        for (int i = 0; i < x.length; i++) x[i] -= got[i];
        factors(x, tokens, width, page, at + inner.groupBytes(width));
    }

    /** Writes the entries farthest from the mean of their channel, and puts that mean in their place. */
    private void takeOutliers(float[] x, int width, MemorySegment page, long at) {
        int count = outlierCount(width);
        if (count == 0) return;
        float[] mean = new float[width];
        for (int i = 0; i < x.length; i++) mean[i % width] += x[i] * width / x.length;
        long[] order = new long[x.length]; // the distance's bits order as it does, being positive
        for (int i = 0; i < x.length; i++) {
            order[i] = (long) Float.floatToIntBits(Math.abs(x[i] - mean[i % width])) << 32 | i;
        }
        Arrays.sort(order);
        for (int o = 0; o < count; o++) {
            int i = (int) order[x.length - 1 - o];
            page.set(Floats.SHORT, at + (long) o * OUTLIER_BYTES, (short) i);
            page.set(Floats.SHORT, at + (long) o * OUTLIER_BYTES + 2, Float.floatToFloat16(x[i]));
            x[i] = mean[i % width];
        }
    }

    /** E ~ A B', with B orthonormal: A = E B, B = E' A, again and again. */
    private void factors(float[] e, int tokens, int width, MemorySegment page, long at) {
        double[][] b = new double[rank][width];
        double[][] a = new double[rank][tokens];
        Random random = new Random(1);
        for (double[] column : b) for (int i = 0; i < width; i++) column[i] = random.nextGaussian();
        for (int round = 0; round < ITERATIONS; round++) {
            orthonormal(b);
            for (int r = 0; r < rank; r++) multiply(e, width, 1, b[r], a[r]);
            if (round < ITERATIONS - 1) for (int r = 0; r < rank; r++) multiply(e, 1, width, a[r], b[r]);
        }
        for (int r = 0; r < rank; r++) {
            for (int c = 0; c < width; c++) setHalf(page, at + 2L * (c * rank + r), b[r][c]);
            for (int t = 0; t < tokens; t++) setHalf(page, at + 2L * ((width + t) * rank + r), a[r][t]);
        }
    }

    /** y[i] = sum over j of e[i * ofI + j * ofJ] * x[j]. */
    private static void multiply(float[] e, int ofI, int ofJ, double[] x, double[] y) {
        for (int i = 0; i < y.length; i++) {
            double sum = 0;
            for (int j = 0; j < x.length; j++) sum += e[i * ofI + j * ofJ] * x[j];
            y[i] = sum;
        }
    }

    /** By Gram and Schmidt; what has no part of its own becomes zero. */
    private static void orthonormal(double[][] columns) {
        for (int r = 0; r < columns.length; r++) {
            for (int q = 0; q < r; q++) subtract(columns[r], columns[q], dot(columns[r], columns[q]));
            double norm = Math.sqrt(dot(columns[r], columns[r]));
            for (int i = 0; i < columns[r].length; i++) columns[r][i] = norm > 1e-20 ? columns[r][i] / norm : 0;
        }
    }

    private static void subtract(double[] from, double[] what, double times) {
        for (int i = 0; i < from.length; i++) from[i] -= times * what[i];
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static void setHalf(MemorySegment page, long at, double value) {
        page.set(Floats.SHORT, at, Float.floatToFloat16((float) value));
    }
}
