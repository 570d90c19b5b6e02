// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Products by tiles against their definition; where this process may not use tiles, nothing is tested. */
class AmxKernelsLaws {
    private record Case(WeightFormat format, MatMulKernel kernel) {}

    private Memory memory;
    private Kernels kernels;

    @BeforeEach
    void bind() {
        AmxKernels provider = new AmxKernels();
        assumeTrue(SystemRefusals.runs(provider, Cpu.detect()), "kernels for AMX do not run here");
        memory = Memory.withBudget(1 << 20);
        kernels = provider.bind(Cpu.detect(), memory);
    }

    @AfterEach
    void close() {
        if (kernels == null) return;
        kernels.close();
        assertThat(memory.used()).isZero();
        memory.close();
    }

    private List<Case> cases() {
        List<Case> all = new ArrayList<>();
        for (String name : WeightFormats.ALL.names()) {
            WeightFormat format = WeightFormats.ALL.make(name);
            kernels.matMul(format, Numerics.FAST).ifPresent(k -> all.add(new Case(format, k)));
        }
        assertThat(all).hasSizeGreaterThanOrEqualTo(6);
        return all;
    }

    @Test
    void shouldNotRunOnASmallerCpu() {
        for (String missing : Tiles.FEATURES) {
            Set<String> masked = new HashSet<>(Cpu.detect().features());
            masked.remove(missing);
            assertThat(new AmxKernels().unavailable(new Cpu("masked", masked, false, 1)))
                    .hasValueSatisfying(why -> assertThat(why).startsWith("the CPU lacks"));
        }
    }

    @Test
    void shouldLeaveFloat32ToFloat32() {
        assertThat(kernels.matMul(WeightFormats.ALL.make("f32"), Numerics.FAST)).isEmpty();
    }

    /** One block, less than a step, odd numbers of steps, more than a block of columns. */
    private static int[] widths(WeightFormat f) {
        return switch (f.blockSize()) {
            case 1 -> new int[] {1, 15, 16, 17, 31, 32, 33, 67, 500, 511, 512, 513, 1100};
            case 32 -> new int[] {32, 64, 96, 512, 544, 1056};
            default -> new int[] {f.blockSize(), 2 * f.blockSize(), 3 * f.blockSize(), 5 * f.blockSize()};
        };
    }

    @Test
    void shouldAgreeWithTheDefinitionOfRoundedFactors() {
        for (Case c : cases()) {
            int i = 0;
            for (int cols : widths(c.format)) {
                for (int rows : new int[] {1, 16, 17, 32, 45, 67}) {
                    int n = 1 + (11 * i++ + cols) % 70;
                    try (Bed bed = new Bed(c.format, c.kernel, rows, cols, n).random(cols + rows)) {
                        check(bed, bed.run(0, n), c.format.name() + ": rows=" + rows + ", cols=" + cols + ", n=" + n);
                    }
                }
            }
        }
    }

    @Test
    void shouldAgreeForEveryCountOfRows() {
        for (Case c : cases()) {
            int cols = 3 * Math.max(c.format.blockSize(), 256);
            for (int n = 1; n <= 40; n++) {
                try (Bed bed = new Bed(c.format, c.kernel, 18, cols, n).random(n)) {
                    check(bed, bed.run(0, n), c.format.name() + ": n=" + n);
                }
            }
            for (int n : new int[] {512, 513, 545}) {
                try (Bed bed = new Bed(c.format, c.kernel, 3, cols, n).random(n)) {
                    check(bed, bed.run(0, n), c.format.name() + ": n=" + n);
                }
            }
        }
    }

    /** What x, or a weight, is to the kernel: eight bits of precision, ties to even, nothing subnormal. */
    private static double rounded(float v) {
        int bits = Float.floatToRawIntBits(v);
        if ((bits & 0x7F800000) == 0) return 0;
        if (Float.isNaN(v)) return v;
        return Float.intBitsToFloat((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
    }

    private static void check(Bed bed, float[] y, String what) {
        float[] w = bed.weights();
        double[] wRounded = new double[w.length];
        for (int i = 0; i < w.length; i++) wRounded[i] = rounded(w[i]);
        for (int t = 0; t < bed.n; t++) {
            for (int r = 0; r < bed.rows; r++) {
                double wanted = 0;
                double definition = 0;
                double terms = 0;
                double most = 0;
                double normW = 0;
                double normX = 0;
                for (int c = 0; c < bed.cols; c++) {
                    double weight = w[r * bed.cols + c];
                    float x = Floats.get(bed.x, (long) t * bed.cols + c);
                    double term = wRounded[r * bed.cols + c] * rounded(x);
                    wanted += term;
                    terms += Math.abs(term);
                    most = Math.max(most, Math.abs(term));
                    definition += weight * x;
                    normW += weight * weight;
                    normX += (double) x * x;
                }
                double got = y[t * bed.rows + r];
                // the order of float operations may turn a tie the other way, in a weight or two
                boolean close = Math.abs(got - wanted) <= 4e-6 * terms + 0x1p-7 * most + 1e-30;
                double bound = bed.kernel.bound() * Math.sqrt(normW) * Math.sqrt(normX);
                if (!close || !(Math.abs(got - definition) <= bound + 1e-30)) {
                    fail("%s, token=%d, row=%d: got=%s, rounded=%s, exactly=%s", what, t, r, got, wanted, definition);
                }
            }
        }
    }

    @Test
    void shouldGiveTheSameBitsHoweverRowsAreCut() {
        for (Case c : cases()) {
            int cols = 3 * Math.max(c.format.blockSize(), 256);
            try (Bed bed = new Bed(c.format, c.kernel, 70, cols, 53).random(cols)) {
                float[] together = bed.run(0, 53);
                assertThat(bed.run(0, 53, 3, 16, 34)).as(c.format.name()).isEqualTo(together);
                for (int[] part : new int[][] {{0, 33}, {7, 48}, {20, 53}, {52, 53}}) {
                    assertThat(bed.run(part[0], part[1]))
                            .as(c.format.name() + " " + Arrays.toString(part))
                            .isEqualTo(Arrays.copyOfRange(together, part[0] * 70, part[1] * 70));
                }
            }
        }
    }

    @Test
    void shouldPackRowsAloneOrTogetherToTheSameBytes() {
        MatMulKernel kernel = cases().getFirst().kernel;
        int n = 600;
        for (int cols : new int[] {32, 100, 700}) {
            try (Bed bed = new Bed(WeightFormats.ALL.make("bf16"), kernel, 1, cols, n).random(3)) {
                long bytes = kernel.form().bytes(n, cols);
                var whole = bed.atEnd(bytes, 64);
                var cut = bed.atEnd(bytes, 64);
                kernel.form().pack(bed.x.address(), n, cols, 0, n, whole.address());
                kernel.form().pack(bed.x.address(), n, cols, 320, n, cut.address());
                kernel.form().pack(bed.x.address(), n, cols, 0, 320, cut.address());
                long values = Bf16Form.tokenBlockBytes(512, cols) + Bf16Form.tokenBlockBytes(88, cols);
                assertThat(cut.asSlice(0, values).mismatch(whole.asSlice(0, values)))
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void shouldHoldAtTheExtremes() {
        for (Case c : cases()) {
            int cols = 3 * Math.max(c.format.blockSize(), 32);
            for (int sign = -1; sign <= 1; sign += 2) {
                try (Bed bed = new Bed(c.format, c.kernel, 35, cols, 34).random(1)) {
                    MachineKernelsLaws.sameCodes(bed, false);
                    for (int i = 0; i < 34 * cols; i++) Floats.set(bed.x, i, sign * 3e4f);
                    check(bed, bed.run(0, 34), c.format.name() + " lowest codes");
                    for (int i = 0; i < 34 * cols; i++) Floats.set(bed.x, i, i % 2 == 0 ? 0 : -0f);
                    assertThat(bed.run(0, 34)).as(c.format.name() + " of zeros").containsOnly(0f);
                    for (int i = 0; i < 34 * cols; i++) Floats.set(bed.x, i, sign * 1e-41f);
                    assertThat(bed.run(0, 34))
                            .as(c.format.name() + " of denormals")
                            .containsOnly(0f);
                }
            }
        }
    }

    @Test
    void shouldCarryWhatIsNotFiniteToItsOwnTokenOnly() {
        for (Case c : cases()) {
            int cols = 3 * Math.max(c.format.blockSize(), 32);
            for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                try (Bed bed = new Bed(c.format, c.kernel, 18, cols, 37).random(1)) {
                    float[] before = bed.run(0, 37);
                    Floats.set(bed.x, 36L * cols + 77, odd);
                    float[] after = bed.run(0, 37);
                    for (int i = 0; i < after.length; i++) {
                        boolean touched = i >= 36 * 18;
                        if (touched == Float.isFinite(after[i]) || (!touched && after[i] != before[i])) {
                            fail("%s of %s, at=%d: %s", c.format.name(), odd, i, after[i]);
                        }
                    }
                }
            }
        }
    }

    @Test
    void shouldReadScalesThatAreDenormalInfiniteOrNotNumbers() {
        for (Case c : cases()) {
            long at = MachineKernelsLaws.scaleAt(c.format.name());
            if (at < 0) continue;
            int cols = 3 * c.format.blockSize();
            for (int half : new int[] {0x0001, 0x83FF, 0x0400, 0x7BFF, 0x7C00, 0xFC00, 0x7E00}) {
                try (Bed bed = new Bed(c.format, c.kernel, 17, cols, 33).random(1)) {
                    long last = bed.w.byteSize() - c.format.blockBytes();
                    bed.w.set(Floats.SHORT, last + at, (short) half); // of the last row
                    float[] y = bed.run(0, 33);
                    String what = c.format.name() + ", scale=" + Integer.toHexString(half);
                    if ((half & 0x7C00) != 0x7C00) check(bed, y, what);
                    else
                        for (int t = 0; t < 33; t++)
                            assertThat(Float.isFinite(y[17 * t + 16])).as(what).isFalse();
                }
            }
        }
    }

    @Test
    void shouldGiveTheSameBitsFromManyThreadsWhileGarbageIsCollected() throws Exception {
        List<Case> cases = cases();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Boolean>> jobs = new ArrayList<>();
            for (int job = 0; job < 12; job++) {
                Case c = cases.get(job % cases.size());
                int n = 33 + job;
                jobs.add(() -> {
                    try (Bed bed = new Bed(c.format, c.kernel, 70, 1024, n).random(n)) {
                        float[] first = bed.run(0, n);
                        boolean same = true;
                        for (int i = 0; i < 30; i++) same &= Arrays.equals(first, bed.run(0, n));
                        return same;
                    }
                });
            }
            List<Future<Boolean>> running = new ArrayList<>();
            for (Callable<Boolean> job : jobs) running.add(threads.submit(job));
            byte[][] garbage = new byte[64][];
            while (running.stream().anyMatch(f -> !f.isDone())) {
                for (int i = 0; i < 500; i++) garbage[i % 64] = new byte[20_000];
                System.gc();
            }
            for (Future<Boolean> f : running) assertThat(f.get()).isTrue();
        }
    }
}
