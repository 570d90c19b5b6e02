// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** NF4 against its published definition, which is computed here afresh. */
class NF4Test {
    private static final WeightFormat NF4 = WeightFormats.ALL.make("nf4");
    private static final int COUNT = 1 << 18;

    /** The normal distribution function, as a series. */
    private static double below(double x) {
        double term = x;
        double sum = x;
        for (int i = 3; Math.abs(term) > 1e-18; i += 2) sum += term *= x * x / i;
        return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    private static double quantile(double p) {
        double low = -5;
        double high = 5;
        for (int i = 0; i < 80; i++) {
            double middle = (low + high) / 2;
            if (below(middle) < p) low = middle;
            else high = middle;
        }
        return low;
    }

    /** Eight quantiles above zero and seven below, evenly spaced up to 0.9677083, and zero; made to reach from -1 to 1. */
    @Test
    void theLevelsShouldBeThoseQuantiles() {
        double offset = 0.9677083;
        List<Double> levels = new ArrayList<>(List.of(0.0));
        for (int i = 0; i < 8; i++) levels.add(quantile(offset + (0.5 - offset) * i / 8));
        for (int i = 0; i < 7; i++) levels.add(-quantile(offset + (0.5 - offset) * i / 7));
        levels.sort(null);
        double most = levels.getLast();
        for (int i = 0; i < 16; i++) {
            assertThat((double) dev.jay.tensor.format.NF4.LEVELS[i]).isCloseTo(levels.get(i) / most, within(1e-6));
        }
    }

    private static float[] normal() {
        Random random = new Random(5);
        float[] x = new float[COUNT];
        for (int i = 0; i < COUNT; i++) x[i] = (float) random.nextGaussian();
        return x;
    }

    private static float[] coded(float[] x) {
        byte[] bytes = new byte[(int) NF4.bytesFor(x.length)];
        float[] y = new float[x.length];
        NF4.encode(MemorySegment.ofArray(x), 0, x.length, MemorySegment.ofArray(bytes), 0);
        NF4.decode(MemorySegment.ofArray(bytes), 0, x.length, MemorySegment.ofArray(y), 0);
        return y;
    }

    /** Of the square of normal weights it loses what its paper's definition loses, and less than four bits evenly spaced. */
    @Test
    void normalWeightsShouldLoseLessThanInEvenSteps() {
        float[] x = normal();
        float[] y = coded(x);
        double error = 0;
        double even = 0;
        double all = 0;
        for (int from = 0; from < COUNT; from += 64) {
            float largest = 0;
            for (int i = from; i < from + 64; i++) largest = Math.max(largest, Math.abs(x[i]));
            for (int i = from; i < from + 64; i++) {
                double step = largest / 7;
                error += Math.pow(x[i] - y[i], 2);
                even += Math.pow(x[i] - step * Math.rint(x[i] / step), 2);
                all += x[i] * x[i];
            }
        }
        assertThat(error / all).isCloseTo(0.0085, within(0.0002));
        assertThat(even / all).isCloseTo(0.0116, within(0.0003));
    }

    /** The scales lose no more than in the published coding: less their mean, 256 together, eight bits of uneven steps. */
    @Test
    void codedScalesShouldBeAtLeastAsNearAsThePublishedOnes() {
        float[] x = normal();
        float[] y = coded(x);
        double[] scales = new double[COUNT / 64];
        for (int i = 0; i < COUNT; i++) scales[i / 64] = Math.max(scales[i / 64], Math.abs(x[i]));
        double mean = Arrays.stream(scales).average().orElseThrow();
        double[] map = map();
        double ours = 0;
        double theirs = 0;
        double worst = 0;
        for (int from = 0; from < scales.length; from += 256) {
            double largest = 0;
            for (int i = from; i < from + 256; i++) largest = Math.max(largest, Math.abs(scales[i] - mean));
            for (int i = from; i < from + 256; i++) {
                double v = (scales[i] - mean) / largest;
                double nearest = Arrays.stream(map)
                        .boxed()
                        .min((a, b) -> Double.compare(Math.abs(a - v), Math.abs(b - v)))
                        .orElseThrow();
                theirs += Math.abs(nearest * largest + mean - scales[i]) / scales[i];
                double got = 0;
                for (int j = 64 * i; j < 64 * (i + 1); j++) got = Math.max(got, Math.abs(y[j]));
                ours += Math.abs(got - scales[i]) / scales[i];
                worst = Math.max(worst, Math.abs(got - scales[i]) / scales[i]);
            }
        }
        assertThat(worst).isLessThan(0.005);
        assertThat(ours / scales.length)
                .isLessThan(theirs / scales.length + 0.001)
                .isLessThan(0.002);
    }

    /** Seven decades, each with twice as many steps as the one below. */
    private static double[] map() {
        List<Double> all = new ArrayList<>(List.of(0.0, 1.0));
        for (int i = 0; i < 7; i++) {
            int steps = 1 << i;
            for (int s = 0; s < steps; s++) {
                double middle = 0.1 + 0.9 * (s + 0.5) / steps;
                all.add(Math.pow(10, i - 6) * middle);
                all.add(-Math.pow(10, i - 6) * middle);
            }
        }
        return all.stream().mapToDouble(v -> v).toArray();
    }

    @Test
    void aBlockShouldBeLaidOutAsStated() {
        float[] x = new float[256];
        x[0] = 2; // of the first run the largest: 15, in the high half
        x[1] = -2; // 0
        x[2] = 2 * 0.3379f; // 11
        x[64] = -1; // of the second run: half the scale, 128 of 255 (127.5 rounded up)
        byte[] block = new byte[NF4.blockBytes()];
        NF4.encodeBlock(MemorySegment.ofArray(x), 0, MemorySegment.ofArray(block), 0);
        assertThat(block).hasSize(134);
        assertThat(Arrays.copyOf(block, 9)).containsExactly(0, 0x40, 255, 128, 0, 0, 0xF0, 0xB7, 0x77);
        assertThat(block[6 + 32] & 0xFF).isEqualTo(0x07);
        assertThat(WeightFormats.bitsPerWeight(NF4)).isEqualTo(4.1875);
    }
}
