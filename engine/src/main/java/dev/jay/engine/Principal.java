// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.codec.KvBasis;
import java.util.stream.IntStream;

/**
 * Gathers means and products of rows, and finds from them in which directions the rows vary: the eigenvectors of their
 * covariance, by Jacobi's rotations in cyclic order. In double precision; what comes depends on the rows and their order alone.
 */
final class Principal {
    private static final int SWEEPS = 30;
    private static final double SMALL = 1e-12; // of the diagonal's sum: what is off it by then is nothing

    private final int width;
    private final double[] sums;
    private final double[][] products; // the lower half
    private long rows;

    Principal(int width) {
        this.width = width;
        this.sums = new double[width];
        this.products = new double[width][];
        for (int i = 0; i < width; i++) products[i] = new double[i + 1];
    }

    void add(float[] row) {
        rows++;
        for (int i = 0; i < width; i++) {
            double x = row[i];
            sums[i] += x;
            double[] to = products[i];
            for (int j = 0; j <= i; j++) to[j] += x * row[j];
        }
    }

    /** Of at most so many directions. After at least one row. */
    KvBasis basis(int most) {
        if (rows == 0) throw new IllegalStateException("principal directions of no rows");
        double[][] a = new double[width][width];
        float[] mean = new float[width];
        for (int i = 0; i < width; i++) mean[i] = (float) (sums[i] / rows);
        for (int i = 0; i < width; i++) {
            for (int j = 0; j <= i; j++) {
                double covariance = products[i][j] / rows - sums[i] / rows * (sums[j] / rows);
                a[i][j] = covariance;
                a[j][i] = covariance;
            }
        }
        double[][] vectors = new double[width][width]; // one a row
        for (int i = 0; i < width; i++) vectors[i][i] = 1;
        diagonalise(a, vectors);
        int rank = Math.min(most, width);
        int[] order = IntStream.range(0, width)
                .boxed()
                .sorted((i, j) -> Double.compare(a[j][j], a[i][i])) // stable
                .mapToInt(i -> i)
                .limit(rank)
                .toArray();
        float[] variances = new float[rank];
        float[] directions = new float[rank * width];
        for (int r = 0; r < rank; r++) {
            variances[r] = (float) Math.max(0, a[order[r]][order[r]]);
            for (int c = 0; c < width; c++) directions[r * width + c] = (float) vectors[order[r]][c];
        }
        return new KvBasis(mean, variances, directions);
    }

    private static void diagonalise(double[][] a, double[][] vectors) {
        double trace = 0;
        for (int i = 0; i < a.length; i++) trace += Math.abs(a[i][i]);
        for (int sweep = 0; sweep < SWEEPS && offDiagonal(a) > SMALL * trace; sweep++) {
            for (int p = 0; p < a.length; p++) {
                for (int q = p + 1; q < a.length; q++) {
                    if (a[p][q] != 0) rotate(a, vectors, p, q);
                }
            }
        }
    }

    private static double offDiagonal(double[][] a) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) for (int j = 0; j < i; j++) sum += a[i][j] * a[i][j];
        return Math.sqrt(2 * sum);
    }

    /** Turns directions p and q so that rows vary independently along them. */
    private static void rotate(double[][] a, double[][] vectors, int p, int q) {
        double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        double tan = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        double cos = 1 / Math.sqrt(tan * tan + 1);
        double sin = tan * cos;
        double moved = tan * a[p][q];
        double[] rowP = a[p];
        double[] rowQ = a[q];
        double atP = rowP[p] - moved;
        double atQ = rowQ[q] + moved;
        turn(rowP, rowQ, cos, sin);
        for (int i = 0; i < a.length; i++) {
            a[i][p] = rowP[i];
            a[i][q] = rowQ[i];
        }
        rowP[p] = atP;
        rowQ[q] = atQ;
        rowP[q] = 0;
        rowQ[p] = 0;
        turn(vectors[p], vectors[q], cos, sin);
    }

    private static void turn(double[] p, double[] q, double cos, double sin) {
        for (int i = 0; i < p.length; i++) {
            double x = p[i];
            double y = q[i];
            p[i] = cos * x - sin * y;
            q[i] = sin * x + cos * y;
        }
    }
}
