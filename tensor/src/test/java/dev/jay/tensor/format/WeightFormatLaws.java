// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every weight format. */
class WeightFormatLaws {
    private static final long SEED = 20261121;
    private static final int COUNT = 64 * 256;

    static Stream<WeightFormat> all() {
        return WeightFormats.ALL.names().stream().map(WeightFormats.ALL::make);
    }

    @ParameterizedTest
    @MethodSource("all")
    void decodedWeightsStayWithinTheTolerance(WeightFormat format) {
        for (Shape shape : Shape.values()) {
            float[] x = shape.weights(new Random(SEED));
            byte[] soon = new byte[(int) format.bytesFor(COUNT)];
            format.encodeSoon(MemorySegment.ofArray(x), 0, COUNT, MemorySegment.ofArray(soon), 0);
            for (float[] y : List.of(roundTrip(format, x), decode(format, soon))) {
                assertThat(worst(format, x, y))
                        .as("%s %s seed=%d", format.name(), shape, SEED)
                        .isLessThanOrEqualTo(format.tolerance());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void codingAgainLosesNoMoreThanCodingOnce(WeightFormat format) {
        for (Shape shape : Shape.values()) {
            float[] once = roundTrip(format, shape.weights(new Random(SEED)));
            float[] twice = roundTrip(format, once);
            // codes of uneven values fit several scales about as well, and the search may settle on another
            if (format.blockSize() <= 32 && !format.name().equals("iq4_nl"))
                assertThat(twice).as("%s %s", format.name(), shape).isEqualTo(once);
            assertThat(worst(format, once, twice))
                    .as("%s %s", format.name(), shape)
                    .isLessThanOrEqualTo(format.tolerance());
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void aBlockIsCodedAloneAsInARow(WeightFormat format) {
        float[] x = Shape.NORMAL.weights(new Random(SEED));
        byte[] row = encode(format, x);
        byte[] alone = new byte[row.length];
        MemorySegment from = MemorySegment.ofArray(x);
        for (int b = 0; b < COUNT / format.blockSize(); b++) {
            format.encodeBlock(
                    from,
                    (long) b * format.blockSize() * Float.BYTES,
                    MemorySegment.ofArray(alone),
                    (long) b * format.blockBytes());
        }
        assertThat(alone).isEqualTo(row);
        float[] whole = decode(format, row);
        float[] pieces = new float[COUNT];
        for (int b = 0; b < COUNT / format.blockSize(); b++) {
            format.decodeBlock(
                    MemorySegment.ofArray(row),
                    (long) b * format.blockBytes(),
                    MemorySegment.ofArray(pieces),
                    (long) b * format.blockSize() * Float.BYTES);
        }
        assertThat(pieces).isEqualTo(whole);
    }

    @ParameterizedTest
    @MethodSource("all")
    void sizesAreThoseOfWholeBlocks(WeightFormat format) {
        assertThat(format.bytesFor(0)).isZero();
        assertThat(format.bytesFor(3L * format.blockSize())).isEqualTo(3L * format.blockBytes());
        if (format.blockSize() > 1) {
            assertThatThrownBy(() -> format.bytesFor(format.blockSize() + 1L))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(format.name());
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void anyFloatsCanBeCoded(WeightFormat format) {
        Random random = new Random(SEED);
        float[] x = new float[COUNT];
        for (int i = 0; i < COUNT; i++) x[i] = Float.intBitsToFloat(random.nextInt());
        assertThat(roundTrip(format, x)).hasSize(COUNT);
    }

    /** Largest error, in units of the largest magnitude of its block. */
    private static double worst(WeightFormat format, float[] x, float[] y) {
        double worst = 0;
        for (int at = 0; at < x.length; at += format.blockSize()) {
            double largest = 0;
            double error = 0;
            for (int i = at; i < at + format.blockSize(); i++) {
                largest = Math.max(largest, Math.abs(x[i]));
                error = Math.max(error, Math.abs(x[i] - y[i]));
            }
            if (error > 0) worst = Math.max(worst, error / largest);
        }
        return worst;
    }

    private static byte[] encode(WeightFormat format, float[] x) {
        byte[] coded = new byte[(int) format.bytesFor(x.length)];
        format.encode(MemorySegment.ofArray(x), 0, x.length, MemorySegment.ofArray(coded), 0);
        return coded;
    }

    private static float[] decode(WeightFormat format, byte[] coded) {
        float[] y = new float[COUNT];
        format.decode(MemorySegment.ofArray(coded), 0, COUNT, MemorySegment.ofArray(y), 0);
        return y;
    }

    private static float[] roundTrip(WeightFormat format, float[] x) {
        return decode(format, encode(format, x));
    }

    private enum Shape {
        NORMAL,
        UNIFORM,
        OUTLIERS,
        EXTREMES,
        ZEROS;

        float[] weights(Random random) {
            float[] x = new float[COUNT];
            for (int i = 0; i < COUNT; i++) {
                x[i] = switch (this) {
                    case NORMAL -> (float) random.nextGaussian();
                    case UNIFORM -> random.nextFloat() + 3;
                    case OUTLIERS -> (float) random.nextGaussian() * (random.nextInt(40) == 0 ? 30 : 1);
                    case EXTREMES -> random.nextBoolean() ? 1 : -1;
                    case ZEROS -> 0;
                };
            }
            return x;
        }
    }
}
