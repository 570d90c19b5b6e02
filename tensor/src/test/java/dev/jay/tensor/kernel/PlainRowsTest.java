// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The small operations that exist once, against their formulas. */
class PlainRowsTest {
    private static final float[] ENDS = {
        0, -0f, 1e-30f, Float.MIN_VALUE, -1e-3f, 3, -3, 30, -30, 99, 101, -101, 1e4f, -1e9f, 1e30f, -1e30f
    };
    private static final int COUNT = 4001; // besides, from -10 to 10

    private final Memory memory = Memory.withBudget(1 << 20);
    private final Region region = memory.reserve("test", 1 << 16);

    @AfterEach
    void close() {
        region.close();
        memory.close();
    }

    private MemorySegment values() {
        MemorySegment x = region.bytes();
        for (int i = 0; i < COUNT; i++) Floats.set(x, i, (i - COUNT / 2) / 200f);
        for (int i = 0; i < ENDS.length; i++) Floats.set(x, COUNT + i, ENDS[i]);
        return x;
    }

    private void hold(double tolerance, LongConsumer operation, DoubleUnaryOperator formula) {
        float[] x = values().asSlice(0, 4L * (COUNT + ENDS.length)).toArray(Floats.LAYOUT);
        operation.accept(region.bytes().address());
        for (int i = 0; i < x.length; i++) {
            double wanted = formula.applyAsDouble(x[i]);
            assertThat((double) Floats.get(region.bytes(), i))
                    .as("of %s", x[i])
                    .isCloseTo(wanted, within(tolerance * (1 + Math.abs(wanted))));
        }
    }

    /** Its series; beyond 4.2 less than 3e-9 is missing. */
    private static double erf(double x) {
        if (Math.abs(x) > 4.2) return Math.signum(x);
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    @Test
    void geluIsXTimesTheShareOfNormalNumbersBelowX() {
        int all = COUNT + ENDS.length;
        hold(3e-7, x -> PlainRows.gelu(x, all), x -> x * (1 + erf(x / Math.sqrt(2))) / 2);
    }

    @Test
    void aCapIsApproachedAndNotReached() {
        int all = COUNT + ENDS.length;
        hold(1e-7, x -> PlainRows.softCap(x, 30, all), x -> 30 * Math.tanh(x / 30));
        hold(1e-7, x -> PlainRows.softCap(x, 0.5f, all), x -> 0.5 * Math.tanh(x / 0.5));
        hold(1e-7, x -> PlainRows.scale(x, -3, all), x -> -3 * x);
    }

    @Test
    void expIsExpWhereDoublesHaveOne() {
        for (double x = -699; x < 699; x += 0.37) {
            assertThat(PlainRows.exp(x) / Math.exp(x)).as("of " + x).isCloseTo(1, within(1e-9));
        }
        assertThat(PlainRows.exp(Double.NaN)).isNaN();
        assertThat(PlainRows.exp(Double.NEGATIVE_INFINITY)).isBetween(0.0, 1e-300);
    }

    @Test
    void rowsAreShiftedAndScaledToMeanZeroAndVarianceOne() {
        for (int dim : new int[] {1, 2, 17, 64, 700}) {
            MemorySegment x = values();
            long gain = x.address() + 4L * 3 * dim;
            long bias = gain + 4L * dim;
            float[] in = x.toArray(Floats.LAYOUT);
            PlainRows.layerNorm(x.address(), gain, bias, 1e-5f, x.address(), 3, dim);
            for (int r = 0; r < 3; r++) {
                double mean = 0;
                double variance = 0;
                for (int i = 0; i < dim; i++) mean += in[r * dim + i] / dim;
                for (int i = 0; i < dim; i++) variance += Math.pow(in[r * dim + i] - mean, 2) / dim;
                for (int i = 0; i < dim; i++) {
                    double wanted =
                            (in[r * dim + i] - mean) / Math.sqrt(variance + 1e-5) * in[3 * dim + i] + in[4 * dim + i];
                    assertThat((double) Floats.get(x, r * (long) dim + i))
                            .as("dim=%d row=%d at=%d", dim, r, i)
                            .isCloseTo(wanted, within(1e-5 * (1 + Math.abs(wanted))));
                }
            }
        }
    }
}
