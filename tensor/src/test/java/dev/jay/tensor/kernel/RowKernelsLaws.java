// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every provider's small operations against the definition, at sizes with and without a tail. */
class RowKernelsLaws {
    private static final int[] SIZES = {1, 2, 3, 14, 17, 32, 47, 64, 172, 206, 702, 4098};

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
            MemorySegment up = fixture.floats(size);
            hold(size, 1e-6, (k, x) -> k.geGlu(x, copy(up).address(), size));
            hold(size, 1e-6, (k, x) -> k.softmax(x, 3, size));
        }
    }

    @Test
    void shouldRotateTheFirstOfEachHead() {
        for (int size : SIZES) {
            for (int rotary : new int[] {size / 2 * 2, size / 4 * 2}) {
                long table = fixture.floats(size).address();
                hold(3 * size, 1e-6, (k, x) -> k.rotate(x, 3, size, rotary, table, true));
                hold(3 * size, 1e-6, (k, x) -> k.rotate(x, 3, size, rotary, table, false));
                long each = fixture.floats(3 * size).address();
                hold(3 * size, 1e-6, (k, x) -> k.rotateEach(x, 3, size, rotary, each, true));
                hold(3 * size, 1e-6, (k, x) -> k.rotateEach(x, 3, size, rotary, each, false));
            }
        }
    }

    private static final List<int[]> TURNED = List.of( // width, of which turned
            new int[] {64, 64},
            new int[] {128, 64},
            new int[] {128, 128},
            new int[] {256, 256},
            new int[] {16, 0},
            new int[] {48, 32},
            new int[] {80, 80},
            new int[] {96, 16},
            new int[] {7, 4});

    /** Rows and what comes of them end where their memory ends. */
    @Test
    void shouldTurnRowsEachByItsAngles() {
        for (String to : List.of("f32", "bf16")) {
            for (int[] of : TURNED) {
                for (int kind = 0; kind < 4; kind++) {
                    TurnKernel.Shape shape = new TurnKernel.Shape(
                            of[0], of[1], kind % 2 == 1, kind / 2 == 1, WeightFormats.ALL.make(to));
                    for (int n : new int[] {0, 1, 5}) checkTurns(shape, n);
                }
            }
        }
    }

    private void checkTurns(TurnKernel.Shape shape, int n) {
        long mark = fixture.room.mark();
        int values = n * shape.width();
        MemorySegment rows = fixture.floats(values);
        long bias = fixture.floats(shape.width()).address();
        long angles = fixture.floats(n * shape.dim()).address();
        float[] wanted = turned(new PlainTurns(shape, definition), shape, rows, n, bias, angles);
        for (Kernels kernels : fixture.providers) {
            if (kernels.turns(shape).isEmpty()) continue;
            float[] got = turned(kernels.turns(shape).get(), shape, rows, n, bias, angles);
            double near = shape.to().name().equals("f32") ? 1e-6 : 0x1p-8;
            for (int i = 0; i < values; i++) {
                assertThat((double) got[i])
                        .as("%s %s at=%d seed=%d", kernels.name(), shape, i, fixture.seed)
                        .isCloseTo(wanted[i], within(near * (1 + Math.abs(wanted[i]))));
            }
        }
        fixture.room.release(mark);
    }

    private float[] turned(
            TurnKernel kernel, TurnKernel.Shape shape, MemorySegment rows, int n, long bias, long angles) {
        MemorySegment from = copy(rows);
        MemorySegment to = fixture.room.take(n * shape.to().bytesFor(shape.width()) + 64);
        to.fill((byte) 77);
        kernel.run(from.address(), n, bias, angles, to.address());
        for (long i = to.byteSize() - 64; i < to.byteSize(); i++) {
            assertThat(to.get(ValueLayout.JAVA_BYTE, i)).as("behind %s", shape).isEqualTo((byte) 77);
        }
        MemorySegment values = fixture.room.floats((long) n * shape.width());
        shape.to().decode(to, 0, (long) n * shape.width(), values, 0);
        float[] all = new float[n * shape.width()];
        for (int i = 0; i < all.length; i++) all[i] = Raw.get(values.address(), i);
        return all;
    }

    @Test
    void shouldSaturateAtTheEndsOfExp() {
        float[] ends = {
            0,
            -0f,
            50,
            89,
            500,
            Float.MAX_VALUE,
            Float.POSITIVE_INFINITY,
            Float.NaN,
            -50,
            -90,
            -500,
            -Float.MAX_VALUE,
            88.7f,
            -86.9f,
            1e-30f,
            Float.MIN_VALUE,
            1
        };
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
                if (Double.isNaN(wanted))
                    assertThat(got).as("%s at %d", kernels.name(), i).isNaN();
                else
                    assertThat((double) got)
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
                    float greatest = round == 19 ? Float.POSITIVE_INFINITY : 100 + round;
                    int at = fixture.random.nextInt(size);
                    Raw.set(x.address(), at, greatest);
                    Raw.set(x.address(), at + fixture.random.nextInt(size - at), greatest);
                    Raw.set(x.address(), fixture.random.nextInt(size), Float.NEGATIVE_INFINITY);
                    assertThat(rows.argMax(x.address(), size))
                            .as("%s size=%d", kernels.name(), size)
                            .isEqualTo(definition.argMax(x.address(), size));
                }
            }
        }
    }

    /** Whoever asks for the greatest need not look for such again. */
    @Test
    void shouldFindTheFirstThatIsNoNumberBeforeTheGreatest() {
        for (Kernels kernels : fixture.providers) {
            RowKernels rows = kernels.rows().orElse(definition);
            for (int size : SIZES) {
                for (int round = 0; round < 20; round++) {
                    MemorySegment x = fixture.floats(size);
                    Raw.set(x.address(), fixture.random.nextInt(size), Float.POSITIVE_INFINITY);
                    int first = fixture.random.nextInt(size);
                    Raw.set(x.address(), first + fixture.random.nextInt(size - first), Float.NaN);
                    Raw.set(x.address(), first, Float.intBitsToFloat(round % 2 == 0 ? 0xFFC00001 : 0x7FC00000));
                    assertThat(rows.argMax(x.address(), size))
                            .as("%s size=%d", kernels.name(), size)
                            .isEqualTo(first);
                }
            }
        }
    }

    private interface Operation {
        void run(RowKernels rows, long x, long y, int count);
    }

    /** Nothing before or after x is touched, at addresses that are aligned to nothing. */
    @Test
    void shouldKeepToItsValues() {
        List<Operation> operations = List.of(
                (k, x, y, n) -> k.rmsNorm(x, y, 1e-5f, x, 1, n),
                (k, x, y, n) -> k.rotate(x, 1, n, n / 2 * 2, y, true),
                (k, x, y, n) -> k.rotate(x, 1, n, n / 2 * 2, y, false),
                (k, x, y, n) -> k.rotateEach(x, 1, n, n / 2 * 2, y, true),
                (k, x, y, n) -> k.rotateEach(x, 1, n, n / 2 * 2, y, false),
                RowKernels::swiGlu,
                RowKernels::add,
                (k, x, y, n) -> k.addBias(x, y, 1, n),
                (k, x, y, n) -> k.softmax(x, 1, n));
        int guard = 131;
        for (Kernels kernels : fixture.providers) {
            RowKernels rows = kernels.rows().orElse(definition);
            for (int size : SIZES) {
                long y = fixture.floats(size).address();
                for (int i = 0; i < operations.size(); i++) {
                    long mark = fixture.room.mark();
                    MemorySegment all = fixture.room.take(4L * size + 2L * guard);
                    all.fill((byte) 77);
                    all.asSlice(guard, 4L * size).copyFrom(fixture.floats(size));
                    operations.get(i).run(rows, all.address() + guard, y, size);
                    for (int g = 0; g < guard; g++) {
                        String about = kernels.name() + " operation=" + i + " size=" + size;
                        assertThat(all.get(ValueLayout.JAVA_BYTE, g)).as(about).isEqualTo((byte) 77);
                        assertThat(all.get(ValueLayout.JAVA_BYTE, guard + 4L * size + g))
                                .as(about)
                                .isEqualTo((byte) 77);
                    }
                    fixture.room.release(mark);
                }
            }
        }
    }

    @Test
    void shouldGiveTheSameBitsWhereverItIsCut() {
        List<Operation> operations = List.of(RowKernels::swiGlu, RowKernels::add);
        for (Kernels kernels : fixture.providers) {
            RowKernels rows = kernels.rows().orElse(definition);
            for (int size : SIZES) {
                MemorySegment x = fixture.floats(size);
                long y = fixture.floats(size).address();
                for (Operation operation : operations) {
                    MemorySegment whole = copy(x);
                    operation.run(rows, whole.address(), y, size);
                    MemorySegment parts = copy(x);
                    int cut = fixture.random.nextInt(size + 1);
                    operation.run(rows, parts.address(), y, cut);
                    operation.run(rows, parts.address() + 4L * cut, y + 4L * cut, size - cut);
                    assertThat(parts.mismatch(whole))
                            .as("%s size=%d cut=%d seed=%d", kernels.name(), size, cut, fixture.seed)
                            .isEqualTo(-1);
                }
            }
        }
    }

    /** A row's sum does not depend on the rows beside it. */
    @Test
    void shouldNormaliseARowTheSameInAnyCompany() {
        for (Kernels kernels : fixture.providers) {
            RowKernels rows = kernels.rows().orElse(definition);
            for (int size : SIZES) {
                MemorySegment x = fixture.floats(5 * size);
                long gain = fixture.floats(size).address();
                MemorySegment all = fixture.room.floats(5L * size);
                MemorySegment one = fixture.room.floats(size);
                rows.rmsNorm(x.address(), gain, 1e-5f, all.address(), 5, size);
                for (int r = 0; r < 5; r++) {
                    rows.rmsNorm(x.address() + 4L * r * size, gain, 1e-5f, one.address(), 1, size);
                    assertThat(all.asSlice(4L * r * size, 4L * size).mismatch(one))
                            .as("%s size=%d row=%d", kernels.name(), size, r)
                            .isEqualTo(-1);
                }
            }
        }
    }

    /** A NaN makes all of its row NaN; an infinity at least its own place. */
    @Test
    void shouldNotHideWhatIsNotANumber() {
        for (Kernels kernels : fixture.providers) {
            RowKernels rows = kernels.rows().orElse(definition);
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                for (int at : new int[] {0, 5, 16, 36}) {
                    MemorySegment x = fixture.floats(37);
                    Raw.set(x.address(), at, bad);
                    MemorySegment normed = copy(x);
                    MemorySegment gain = fixture.floats(37);
                    rows.softmax(x.address(), 1, 37);
                    rows.rmsNorm(normed.address(), gain.address(), 1e-5f, normed.address(), 1, 37);
                    String about = kernels.name() + " " + bad + " at " + at;
                    assertThat(Raw.get(x.address(), at)).as(about).isNaN();
                    assertThat(Raw.get(normed.address(), at)).as(about).isNaN();
                    assertThat(Float.isNaN(Raw.get(normed.address(), 1)))
                            .as(about)
                            .isEqualTo(Float.isNaN(bad));
                }
            }
        }
    }

    /** exp, by way of silu: within 5e-7 relatively, the rounding of the other steps included, where it is normal. */
    @Test
    void shouldBeCloseToExpEverywhere() {
        int count = 20_000;
        MemorySegment x = fixture.room.floats(count);
        MemorySegment ones = fixture.room.floats(count);
        for (int i = 0; i < count; i++) {
            Raw.set(x.address(), i, fixture.random.nextFloat() * 160 - 80);
            Raw.set(ones.address(), i, 1);
        }
        for (Kernels kernels : fixture.providers) {
            MemorySegment got = copy(x);
            kernels.rows().orElse(definition).swiGlu(got.address(), ones.address(), count);
            for (int i = 0; i < count; i++) {
                double v = Raw.get(x.address(), i);
                double wanted = v / (1 + Math.exp(-v));
                double off = Math.abs(Raw.get(got.address(), i) / wanted - 1);
                if (!(off <= 5e-7))
                    assertThat(off).as("%s of %s", kernels.name(), v).isLessThanOrEqualTo(5e-7);
            }
        }
    }
}
