// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every provider's small operations against the definition, at sizes with and without a tail. */
class RowKernelsLaws {
    private static final int[] SIZES = {2, 14, 32, 64, 172, 206, 702, 4098};

    private final KernelFixture fixture = new KernelFixture();
    private final ScalarRows definition = new ScalarRows();

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Runs the operation of each provider and of the definition on copies of the same data, and compares. */
    private void hold(int size, double tolerance, BiConsumer<RowKernels, Long> operation) {
        long mark = fixture.room.mark();
        MemorySegment x = fixture.floats(size);
        MemorySegment wanted = copy(x);
        operation.accept(definition, wanted.address());
        for (Kernels kernels : fixture.providers) {
            if (kernels.rows().isEmpty()) continue;
            MemorySegment got = copy(x);
            operation.accept(kernels.rows().get(), got.address());
            for (int i = 0; i < size; i++) {
                double w = Raw.get(wanted.address(), i);
                assertThat((double) Raw.get(got.address(), i))
                        .as("%s size=%d at=%d seed=%d", kernels.name(), size, i, fixture.seed)
                        .isCloseTo(w, within(tolerance * (1 + Math.abs(w))));
            }
        }
        fixture.room.release(mark);
    }

    private MemorySegment copy(MemorySegment x) {
        return fixture.room.take(x.byteSize()).copyFrom(x);
    }

    @Test
    void shouldNormaliseAndAdd() {
        for (int size : SIZES) {
            long y = fixture.floats(3 * size).address();
            hold(3 * size, 1e-6, (k, x) -> k.rmsNorm(x, y, 1e-5f, x, 3, size));
            hold(size, 0, (k, x) -> k.add(x, y, size));
            hold(3 * size, 0, (k, x) -> k.addBias(x, y, 3, size));
            hold(size, 1e-6, (k, x) -> k.swiGlu(x, y, size));
            hold(size, 1e-6, (k, x) -> k.softmax(x, 3, size));
        }
    }

    @Test
    void shouldRotateTheFirstOfEachHead() {
        for (int size : SIZES) {
            for (int rotary : new int[] {size, size / 4 * 2}) {
                long table = fixture.floats(size).address();
                hold(3 * size, 1e-6, (k, x) -> k.rotate(x, 3, size, rotary, table, true));
                hold(3 * size, 1e-6, (k, x) -> k.rotate(x, 3, size, rotary, table, false));
            }
        }
    }

    @Test
    void shouldSaturateAtTheEndsOfExp() {
        float[] ends = {0, -0f, 50, 89, 500, Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NaN, -50, -90, -500,
            -Float.MAX_VALUE, 88.7f, -86.9f, 1e-30f, Float.MIN_VALUE, 1};
        for (Kernels kernels : fixture.providers) {
            RowKernels rows = kernels.rows().orElse(definition);
            MemorySegment x = fixture.room.floats(ends.length);
            MemorySegment y = fixture.room.floats(ends.length);
            for (int i = 0; i < ends.length; i++) {
                Raw.set(x.address(), i, ends[i]);
                Raw.set(y.address(), i, 1);
            }
            rows.swiGlu(x.address(), y.address(), ends.length);
            for (int i = 0; i < ends.length; i++) {
                double wanted = ends[i] / (1 + Math.exp(-ends[i]));
                float got = Raw.get(x.address(), i);
                if (Double.isNaN(wanted)) assertThat(got).as("%s at %d", kernels.name(), i).isNaN();
                else assertThat((double) got)
                        .as("%s of %s", kernels.name(), ends[i])
                        .isCloseTo((float) wanted, within(1e-6 * Math.abs((float) wanted) + 1e-30));
            }
        }
    }

    @Test
    void shouldIgnoreMaskedScores() {
        for (Kernels kernels : fixture.providers) {
            RowKernels rows = kernels.rows().orElse(definition);
            MemorySegment x = fixture.room.floats(37);
            for (int i = 0; i < 37; i++) Raw.set(x.address(), i, i % 3 == 0 ? 2 : Float.NEGATIVE_INFINITY);
            rows.softmax(x.address(), 0.5f, 37);
            for (int i = 0; i < 37; i++) {
                assertThat(Raw.get(x.address(), i)).isCloseTo(i % 3 == 0 ? 1 / 13f : 0, within(i % 3 == 0 ? 1e-7f : 0));
            }
        }
    }

    @Test
    void shouldFindTheLowestOfTheGreatest() {
        for (Kernels kernels : fixture.providers) {
            RowKernels rows = kernels.rows().orElse(definition);
            for (int size : SIZES) {
                MemorySegment x = fixture.floats(size);
                for (int round = 0; round < 20; round++) {
                    int at = fixture.random.nextInt(size);
                    Raw.set(x.address(), at, 100 + round);
                    Raw.set(x.address(), at + fixture.random.nextInt(size - at), 100 + round);
                    Raw.set(x.address(), fixture.random.nextInt(size), Float.NaN);
                    assertThat(rows.argMax(x.address(), size))
                            .as("%s size=%d", kernels.name(), size)
                            .isEqualTo(definition.argMax(x.address(), size));
                }
            }
        }
    }
}
