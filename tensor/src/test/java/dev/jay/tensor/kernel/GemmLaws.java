// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Products of float matrices by every provider, in both precisions, against sums in float64. */
class GemmLaws {
    private static final int[] SIDES = {1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 70};

    private final long seed = 20261121;
    private final Random random = new Random(seed);
    private final Memory memory = Memory.withBudget(512 << 20);
    private final Region region = memory.reserve("test", 200 << 20);
    private final Scratch room = new Scratch(region.bytes());
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) each.close();
        region.close();
        memory.close();
    }

    /** Providers beginning with each that runs here, and with the tiles masked off. */
    private List<KernelChoice> choices() {
        List<KernelChoice> all = new ArrayList<>();
        Cpu cpu = Cpu.detect();
        for (Catalog.Entry<? extends KernelProvider> e : KernelProviders.ALL.entries()) {
            if (SystemRefusals.runs(KernelProviders.ALL.make(e.name()), cpu)) {
                all.add(KernelProviders.choose(cpu, e.name(), memory));
            }
        }
        Set<String> features = new TreeSet<>(cpu.features());
        features.removeIf(f -> f.startsWith("amx"));
        all.add(KernelProviders.choose(new Cpu(cpu.model(), features, cpu.vectorModule(), cpu.cores()), null, memory));
        open.addAll(all);
        return all;
    }

    private CpuOps ops(KernelChoice choice, int threads) {
        Workers workers = Workers.of(threads);
        open.add(workers);
        CpuOps ops = new CpuOps(memory, workers, choice, 1);
        open.add(ops);
        return ops;
    }

    private interface Check {
        void run(Gemm gemm, double bound, String about);
    }

    private void forAll(Check check) {
        for (KernelChoice choice : choices()) {
            CpuOps ops = ops(choice, 2);
            for (Precision precision : Precision.values()) {
                KernelChoice.From<GemmKernel> from = choice.gemm(precision);
                String about = from.provider() + " " + precision + " " + from.kernel() + " seed=" + seed;
                check.run(ops.gemm(precision), from.kernel().bound(), about);
            }
        }
    }

    private record Shape(int m, int n, int k, boolean aTransposed, boolean bTransposed, boolean add) {}

    private Shape shape(int m, int n, int k) {
        return new Shape(m, n, k, random.nextBoolean(), random.nextBoolean(), random.nextBoolean());
    }

    /** Values in rows a little apart; what lies between the rows is NaN. */
    private Gemm.Factor factor(int rows, int cols, boolean transposed) {
        int count = transposed ? cols : rows;
        int length = transposed ? rows : cols;
        long stride = (long) length + random.nextInt(3);
        MemorySegment s = room.floats(count * stride);
        s.fill((byte) -1);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < length; j++) Raw.set(s.address(), i * stride + j, (float) random.nextGaussian());
        }
        return new Gemm.Factor(s.asSlice(0, 4 * ((count - 1) * stride + length)), stride, transposed);
    }

    private static double value(Gemm.Factor f, int row, int col) {
        return Raw.get(f.values().address(), f.transposed() ? col * f.stride() + row : row * f.stride() + col);
    }

    private void check(Gemm gemm, double bound, Shape s, String about) {
        long mark = room.mark();
        Gemm.Factor a = factor(s.m, s.k, s.aTransposed);
        Gemm.Factor b = factor(s.k, s.n, s.bTransposed);
        Gemm.Factor c = factor(s.m, s.n, false);
        if (!s.add)
            for (int i = 0; i < s.m; i++)
                c.values().asSlice(4L * i * c.stride(), 4L * s.n).fill((byte) -1);
        MemorySegment before = room.take(c.values().byteSize());
        before.copyFrom(c.values());
        gemm.run(s.m, s.n, s.k, a, b, c.values(), c.stride(), s.add);
        for (int i = 0; i < s.m; i++) {
            for (int j = 0; j < s.n; j++) {
                long at = i * c.stride() + j;
                double sum = s.add ? Raw.get(before.address(), at) : 0;
                double start = Math.abs(sum);
                double rowNorm = 0;
                double columnNorm = 0;
                for (int p = 0; p < s.k; p++) {
                    double x = value(a, i, p);
                    double y = value(b, p, j);
                    sum += x * y;
                    rowNorm += x * x;
                    columnNorm += y * y;
                }
                double got = Raw.get(c.values().address(), at);
                double allowed = bound * Math.sqrt(rowNorm * columnNorm) + start * 1e-6;
                if (!(Math.abs(got - sum) <= allowed)) {
                    throw new AssertionError("%s %s at (%d, %d): wanted=%s, got=%s, allowed=%s"
                            .formatted(about, s, i, j, sum, got, allowed));
                }
            }
            long gap = i * c.stride() + s.n;
            if (i < s.m - 1) {
                long bytes = 4 * (c.stride() - s.n);
                assertThat(c.values().asSlice(4 * gap, bytes).mismatch(before.asSlice(4 * gap, bytes)))
                        .as(about + " " + s + ": between the rows of c")
                        .isEqualTo(-1);
            }
        }
        room.release(mark);
    }

    @Test
    void shouldStayWithinTheStatedBoundAtOddSizesStridesAndTransposes() {
        forAll((gemm, bound, about) -> {
            for (int side : SIDES) {
                for (int round = 0; round < 3; round++) {
                    int other = 1 + random.nextInt(70);
                    int third = 1 + random.nextInt(70);
                    check(gemm, bound, shape(side, other, third), about);
                    check(gemm, bound, shape(other, side, third), about);
                    check(gemm, bound, shape(other, third, side), about);
                }
            }
        });
    }

    /** More than what is packed at a time, in every direction; and products that all threads share. */
    @Test
    void shouldStayWithinTheStatedBoundWhenCutInParts() {
        forAll((gemm, bound, about) -> {
            for (int way = 0; way < 4; way++) {
                boolean a = way % 2 == 1;
                boolean b = way / 2 == 1;
                check(gemm, bound, new Shape(531, 37, 21, a, b, way % 3 == 0), about);
                check(gemm, bound, new Shape(5, 4131, 9, a, b, way % 3 == 1), about);
                check(gemm, bound, new Shape(35, 50, 1061, a, b, way % 3 == 2), about);
                check(gemm, bound, new Shape(96, 128, 64, a, b, way % 3 == 0), about);
            }
            check(gemm, bound, new Shape(531, 4131, 3, false, true, true), about);
        });
    }

    /** Where a is what is packed for all. */
    @Test
    void columnsOfAVeryWideProductShouldHaveTheBitsTheyHaveAlone() {
        int m = 40;
        int n = 4200;
        int k = 600;
        Gemm.Factor a = factor(m, k, false);
        Gemm.Factor b = factor(k, n, true);
        MemorySegment whole = room.floats((long) m * n);
        MemorySegment part = room.floats((long) m * n);
        for (KernelChoice choice : choices()) {
            for (Precision precision : Precision.values()) {
                String about = choice.describe() + " " + precision;
                Gemm alone = ops(choice, 1).gemm(precision);
                alone.run(m, n, k, a, b, whole, n, false);
                ops(choice, 3).gemm(precision).run(m, n, k, a, b, part, n, false);
                assertThat(part.mismatch(whole)).as(about).isEqualTo(-1);
                Gemm.Factor some = Gemm.Factor.transposed(b.values().asSlice(4L * 333 * b.stride()), b.stride());
                alone.run(m, 200, k, a, some, part, 200, false);
                for (int i = 0; i < m; i++) {
                    MemorySegment wanted = whole.asSlice(4L * (i * n + 333), 800);
                    assertThat(part.asSlice(800L * i, 800).mismatch(wanted))
                            .as("%s: row %d", about, i)
                            .isEqualTo(-1);
                }
            }
        }
    }

    @Test
    void shouldGiveEachValueTheSameBitsInAnyCompanyAndByAnyNumberOfThreads() {
        int m = 300;
        int n = 210;
        int k = 600;
        Gemm.Factor a = factor(m, k, false);
        Gemm.Factor b = factor(k, n, true);
        MemorySegment whole = room.floats((long) m * n);
        MemorySegment part = room.floats((long) m * n);
        for (KernelChoice choice : choices()) {
            Gemm alone = ops(choice, 1).gemm(Precision.BF16);
            alone.run(m, n, k, a, b, whole, n, false);
            for (int threads = 2; threads <= 3; threads++) {
                ops(choice, threads).gemm(Precision.BF16).run(m, n, k, a, b, part, n, false);
                assertThat(part.mismatch(whole))
                        .as(choice.describe() + " threads=" + threads)
                        .isEqualTo(-1);
            }
            for (int[] cut : new int[][] {{0, 1}, {7, 40}, {33, 64}, {250, 50}}) {
                int row = cut[0];
                int rows = cut[1];
                Gemm.Factor some = Gemm.Factor.of(a.values().asSlice(4L * row * a.stride()), a.stride());
                int column = row / 2;
                int columns = Math.min(rows + 5, n - column);
                Gemm.Factor by = Gemm.Factor.transposed(b.values().asSlice(4L * column * b.stride()), b.stride());
                alone.run(rows, columns, k, some, by, part, n, false);
                for (int i = 0; i < rows; i++) {
                    MemorySegment wanted = whole.asSlice(4L * ((row + i) * n + column), 4L * columns);
                    assertThat(part.asSlice(4L * i * n, 4L * columns).mismatch(wanted))
                            .as("%s: row %d of %d from %d", choice.describe(), i, rows, row)
                            .isEqualTo(-1);
                }
            }
        }
    }

    /** Great, small and infinite values: as float arithmetic has it, where a part of k is all zeros but one. */
    @Test
    void shouldKeepExtremesWhereTheyBelong() {
        float[] extremes = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, 3e38f, -3e38f, 1e-37f, 0f};
        forAll((gemm, bound, about) -> {
            long mark = room.mark();
            int side = extremes.length;
            int k = 40;
            MemorySegment a = room.floats((long) side * k);
            MemorySegment b = room.floats((long) k * 3);
            MemorySegment c = room.floats(side * 3L);
            a.fill((byte) 0);
            b.fill((byte) 0);
            for (int i = 0; i < side; i++) Raw.set(a.address(), (long) i * k + 37, extremes[i]);
            for (int j = 0; j < 3; j++) Raw.set(b.address(), 37 * 3L + j, j == 0 ? 1 : j == 1 ? -0.5f : 2);
            gemm.run(side, 3, k, Gemm.Factor.of(a, k), Gemm.Factor.of(b, 3), c, 3, false);
            for (int i = 0; i < side; i++) {
                for (int j = 0; j < 3; j++) {
                    float wanted = extremes[i] * (j == 0 ? 1 : j == 1 ? -0.5f : 2);
                    float got = Raw.get(c.address(), i * 3L + j);
                    String where = about + " " + extremes[i] + " column " + j;
                    if (Float.isNaN(wanted)) assertThat(got).as(where).isNaN();
                    else if (Float.isInfinite(wanted)) assertThat(got).as(where).isEqualTo(wanted);
                    else assertThat(Math.abs(got - wanted)).as(where).isLessThanOrEqualTo(Math.abs(wanted) * 0.004f);
                }
            }
            room.release(mark);
        });
    }

    /** Rounding is to nearest, ties to even: the values that bf16 has are kept, and those between go the right way. */
    @Test
    void shouldRoundToNearestEvenWhereItRounds() {
        for (KernelChoice choice : choices()) {
            GemmKernel kernel = choice.gemm(Precision.BF16).kernel();
            if (kernel.bound() < 1e-3) continue; // rounds nothing
            MemorySegment a = room.floats(4);
            MemorySegment c = room.floats(4);
            int[] bits = {0x3F808000, 0x3F818000, 0x3F808001, 0xBF807FFF};
            int[] rounded = {0x3F800000, 0x3F820000, 0x3F810000, 0xBF800000};
            for (int i = 0; i < 4; i++) Raw.set(a.address(), i, Float.intBitsToFloat(bits[i]));
            MemorySegment one = room.floats(1);
            Raw.set(one.address(), 0, 1);
            ops(choice, 1).gemm(Precision.BF16).run(4, 1, 1, Gemm.Factor.of(a, 1), Gemm.Factor.of(one, 1), c, 1, false);
            for (int i = 0; i < 4; i++) {
                assertThat(Float.floatToRawIntBits(Raw.get(c.address(), i))).isEqualTo(rounded[i]);
            }
        }
    }

    @Test
    void shouldUseTilesWhereTheMachineHasThem() {
        Cpu cpu = Cpu.detect();
        assumeThat(cpu.features()).as("needs AMX").contains("amx_tile", "amx_bf16", "avx512_bf16", "avx512_vnni");
        assumeThat(SystemRefusals.runs(KernelProviders.ALL.make("amx"), cpu)).isTrue();
        try (KernelChoice choice = KernelProviders.choose(cpu, null, memory)) {
            assertThat(choice.gemm(Precision.BF16).kernel().bound()).isGreaterThan(1e-3);
            assertThat(choice.gemm(Precision.F32).kernel().bound()).isLessThan(1e-3);
        }
    }

    @Test
    void shouldWriteNothingOrZerosWhereThereIsNothingToAdd() {
        forAll((gemm, bound, about) -> {
            MemorySegment c = room.floats(6);
            c.fill((byte) -1);
            Gemm.Factor none = Gemm.Factor.of(MemorySegment.ofAddress(0).reinterpret(0), 0);
            gemm.run(0, 2, 3, Gemm.Factor.of(c.asSlice(0, 0), 3), Gemm.Factor.of(room.floats(6), 2), c, 2, false);
            assertThat(Float.isNaN(Raw.get(c.address(), 0))).isTrue();
            gemm.run(2, 3, 0, none, Gemm.Factor.of(none.values(), 3), c, 3, false);
            for (int i = 0; i < 6; i++) assertThat(Raw.get(c.address(), i)).isZero();
        });
    }

    @Test
    void shouldRejectWhatDoesNotFitItsShape() {
        try (KernelChoice choice = KernelProviders.choose(Cpu.SCALAR, null, memory)) {
            Gemm gemm = ops(choice, 1).gemm(Precision.F32);
            Gemm.Factor six = Gemm.Factor.of(room.floats(6), 3);
            MemorySegment c = room.floats(4);
            assertThatThrownBy(() -> gemm.run(3, 2, 3, six, six, c, 2, false))
                    .hasMessageContaining("gemm a is too short: wanted=36 bytes, got=24");
            assertThatThrownBy(() -> gemm.run(2, 4, 3, six, six, c, 4, false))
                    .hasMessageContaining("gemm b: stride must be at least a row: rows=3, row=4, stride=3");
            assertThatThrownBy(() -> gemm.run(2, 3, 2, six, six, c, 3, false)).hasMessageContaining("gemm c");
            assertThat(Arrays.asList(Precision.values())).hasSize(2);
        }
    }
}
