// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/**
 * Small operations that no provider has code of its own for: they are few beside the products around them. In double
 * precision, by polynomials, so that interpreted and compiled code give the same bits.
 */
final class PlainRows {
    private static final double LOG2_E = 1.4426950408889634;
    private static final double LN2 = 0.6931471805599453;
    private static final double MOST = 700; // beyond it exp leaves the doubles

    private PlainRows() {}

    /** out[r] = (x[r] - mean) / sqrt(variance + eps) * gain + bias; out may be x. */
    static void layerNorm(long x, long gain, long bias, float eps, long out, int rows, int dim) {
        for (int r = 0; r < rows; r++) {
            long row = (long) r * dim;
            double sum = 0;
            for (int i = 0; i < dim; i++) sum += Raw.get(x, row + i);
            double mean = sum / dim;
            double squares = 0;
            for (int i = 0; i < dim; i++) {
                double v = Raw.get(x, row + i) - mean;
                squares += v * v;
            }
            double scale = 1 / Math.sqrt(squares / dim + eps);
            for (int i = 0; i < dim; i++) {
                double v = (Raw.get(x, row + i) - mean) * scale;
                Raw.set(out, row + i, (float) (v * Raw.get(gain, i) + Raw.get(bias, i)));
            }
        }
    }

    /** x = x * P(a normal number < x). */
    static void gelu(long x, long count) {
        for (long i = 0; i < count; i++) {
            float v = Raw.get(x, i);
            Raw.set(x, i, (float) (0.5 * v * (1 + erf(v * 0.7071067811865476))));
        }
    }

    /** x = cap * tanh(x / cap). */
    static void softCap(long x, float cap, long count) {
        double by = 2.0 / cap;
        for (long i = 0; i < count; i++) {
            double e = exp(Raw.get(x, i) * by);
            Raw.set(x, i, (float) (cap * (1 - 2 / (e + 1))));
        }
    }

    static void scale(long x, float by, long count) {
        for (long i = 0; i < count; i++) Raw.set(x, i, Raw.get(x, i) * by);
    }

    /**
     * x = gelu(x) * y, by the formula with tanh that gated models are trained with. As a sigmoid: with
     * u = x * r, r = sqrt(8 / pi) * (1 + 0.044715 * x^2), gelu(x) is x * sigmoid(u), so silu(u) * y / r is what is wanted.
     * What y holds is spent.
     */
    static void geGlu(RowKernels rows, long x, long y, long count) {
        for (long i = 0; i < count; i++) {
            float v = Raw.get(x, i);
            float square = v * v < 1e4f ? v * v : 1e4f; // there the sigmoid is 0 or 1
            float r = 1.5957691216057308f * (1 + 0.044715f * square);
            Raw.set(x, i, v * r);
            Raw.set(y, i, Raw.get(y, i) / r);
        }
        rows.swiGlu(x, y, count);
    }

    /** Within 2e-7 (Abramowitz and Stegun, 7.1.26). */
    private static double erf(double x) {
        double a = Math.abs(x);
        double t = 1 / (1 + 0.3275911 * a);
        double poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
        return Math.copySign(1 - poly * exp(-a * a), x);
    }

    /** Within 1e-10, relative; 0 or very large beyond {@link #MOST}. */
    static double exp(double x) {
        if (Double.isNaN(x)) return x;
        double clamped = x > MOST ? MOST : x < -MOST ? -MOST : x;
        double k = Math.rint(clamped * LOG2_E);
        double f = clamped - k * LN2; // in [-0.35, 0.35]
        double p = 1
                + f
                        * (1
                                + f
                                        * (1 / 2.0
                                                + f
                                                        * (1 / 6.0
                                                                + f
                                                                        * (1 / 24.0
                                                                                + f
                                                                                        * (1 / 120.0
                                                                                                + f
                                                                                                        * (1 / 720.0
                                                                                                                + f
                                                                                                                        * (1
                                                                                                                                        / 5040.0
                                                                                                                                + f
                                                                                                                                        * (1
                                                                                                                                                        / 40320.0
                                                                                                                                                + f
                                                                                                                                                        * (1
                                                                                                                                                                / 362880.0)))))))));
        return p * Double.longBitsToDouble((long) k + 1023 << 52);
    }
}
