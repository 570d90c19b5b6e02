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
import dev.jay.tensor.kernel.KernelProvider;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every kernel in machine code against its definition; where the CPU has none of them, nothing is tested. */
class MachineKernelsLaws {
    private record Case(WeightFormat format, MatMulKernel kernel) {
        boolean isInt8() {
            return kernel.form() != null;
        }
    }

    private Memory memory;
    private Kernels kernels;

    @BeforeEach
    void bind() {
        KernelProvider provider = provider();
        assumeTrue(SystemRefusals.runs(provider, cpu()), "kernels in machine code do not run here");
        memory = Memory.withBudget(1 << 21);
        kernels = provider.bind(cpu(), memory);
    }

    KernelProvider provider() {
        return new MachineKernels();
    }

    Cpu cpu() {
        return Cpu.detect();
    }

    /** Bytes of {@code n} packed rows that hold values. */
    long packed(MatMulKernel kernel, int n, int cols) {
        return Math.ceilDiv(n, Int8Form.TOKENS) * Int8Form.groupBytes(cols);
    }

    @AfterEach
    void close() {
        if (kernels == null) return;
        kernels.close();
        memory.close();
    }

    private List<Case> cases() {
        List<Case> all = new ArrayList<>();
        for (String name : WeightFormats.ALL.names()) {
            WeightFormat format = WeightFormats.ALL.make(name);
            Optional<MatMulKernel> exact = kernels.matMul(format, Numerics.EXACT);
            exact.ifPresent(k -> all.add(new Case(format, k)));
        }
        assertThat(all).hasSizeGreaterThanOrEqualTo(7);
        return all;
    }

    /** Widths of one block, of odd numbers of blocks, of whole groups, of more. */
    private static int[] widths(WeightFormat f) {
        int block = Math.max(f.blockSize(), 1);
        if (block == 1) return new int[] {1, 3, 15, 16, 17, 31, 64, 67, 288, 500};
        int[] blocks = block > 32 ? new int[] {1, 2, 3, 5} : new int[] {1, 2, 5, 9, 15, 16, 17, 33};
        return Arrays.stream(blocks).map(b -> b * block).toArray();
    }

    /** What x is to an int8 kernel; to others, x itself. */
    private static double[] seen(Bed bed, boolean int8) {
        double[] seen = new double[bed.n * bed.cols];
        for (int i = 0; i < seen.length; i++) seen[i] = Floats.get(bed.x, i);
        if (!int8) return seen;
        for (int b = 0; b < seen.length; b += 32) {
            float most = 0;
            for (int i = b; i < b + 32; i++) most = Math.max(most, Math.abs((float) seen[i]));
            float d = most * (1 / 127f);
            float inverse = most == 0 ? 0 : 127 / most;
            for (int i = b; i < b + 32; i++) seen[i] = Math.rint((float) seen[i] * inverse) * d;
        }
        return seen;
    }

    private static void check(Bed bed, boolean int8, float[] y, String what) {
        float[] w = bed.weights();
        double[] x = seen(bed, int8);
        double[] exact = seen(bed, false);
        for (int t = 0; t < bed.n; t++) {
            for (int r = 0; r < bed.rows; r++) {
                double wanted = 0;
                double definition = 0;
                double terms = 0;
                double normW = 0;
                double normX = 0;
                for (int c = 0; c < bed.cols; c++) {
                    double weight = w[r * bed.cols + c];
                    double value = exact[t * bed.cols + c];
                    wanted += weight * x[t * bed.cols + c];
                    definition += weight * value;
                    terms += Math.abs(weight * x[t * bed.cols + c]);
                    normW += weight * weight;
                    normX += value * value;
                }
                double got = y[t * bed.rows + r];
                // offsets that cancel are larger than the products they leave, hence the room
                boolean close = Math.abs(got - wanted) <= 4e-6 * terms + 1e-30;
                double bound = bed.kernel.bound() * Math.sqrt(normW) * Math.sqrt(normX);
                if (!close || !(Math.abs(got - definition) <= bound + 1e-30)) {
                    fail("%s, token=%d, row=%d: got=%s, as packed=%s, exactly=%s", what, t, r, got, wanted, definition);
                }
            }
        }
    }

    @Test
    void shouldAgreeWithTheDefinition() {
        for (Case c : cases()) {
            for (int cols : widths(c.format)) {
                for (int rows : new int[] {1, 16, 35}) {
                    int n = 1 + (cols / Math.max(1, c.format.blockSize()) + rows) % 11;
                    try (Bed bed = new Bed(c.format, c.kernel, rows, cols, n).random(cols + rows)) {
                        String what = c.format.name() + ": cols=" + cols + ", n=" + n;
                        check(bed, c.isInt8(), bed.run(0, n), what);
                    }
                }
            }
        }
    }

    @Test
    void shouldGiveTheSameBitsInAnyCompanyAndHoweverRowsAreCut() {
        for (Case c : cases()) {
            for (int cols : widths(c.format)) {
                try (Bed bed = new Bed(c.format, c.kernel, 35, cols, 21).random(cols)) {
                    String what = c.format.name() + ": cols=" + cols;
                    float[] together = bed.run(0, 21);
                    assertThat(bed.run(0, 21, 3, 16, 34))
                            .as(what + ", rows cut")
                            .isEqualTo(together);
                    for (int[] part : new int[][] {{0, 1}, {1, 2}, {7, 9}, {4, 17}, {20, 21}}) {
                        float[] alone = bed.run(part[0], part[1]);
                        float[] same = Arrays.copyOfRange(together, part[0] * 35, part[1] * 35);
                        assertThat(alone)
                                .as(what + ", tokens=" + Arrays.toString(part))
                                .isEqualTo(same);
                    }
                }
            }
        }
    }

    @Test
    void shouldGiveTheSameBitsWithAndWithoutTiles() {
        assumeTrue(cpu().has("amx_int8"), "the CPU has no tiles of bytes");
        Set<String> features = new HashSet<>(cpu().features());
        features.removeIf(feature -> feature.startsWith("amx_"));
        Cpu less = new Cpu(cpu().model(), features, cpu().vectorModule(), cpu().cores());
        try (Kernels without = provider().bind(less, memory)) {
            for (Case c : cases()) {
                MatMulKernel other = without.matMul(c.format, Numerics.EXACT).orElseThrow();
                for (int cols : widths(c.format)) {
                    for (int rows : new int[] {1, 16, 35, 83}) {
                        int n = 16 + (cols + rows) % 37;
                        try (Bed bed = new Bed(c.format, c.kernel, rows, cols, n).random(cols + rows);
                                Bed same = new Bed(c.format, other, rows, cols, n).random(cols + rows)) {
                            assertThat(bed.run(0, n))
                                    .as("%s: rows=%d, cols=%d, n=%d", c.format.name(), rows, cols, n)
                                    .isEqualTo(same.run(0, n));
                        }
                    }
                }
            }
        }
    }

    @Test
    void shouldPackRowsAloneOrTogetherToTheSameBytes() {
        for (Case c : cases()) {
            if (!c.isInt8()) continue;
            int cols = 3 * c.format.blockSize();
            try (Bed bed = new Bed(c.format, c.kernel, 1, cols, 19).random(3)) {
                long bytes = c.kernel.form().bytes(19, cols);
                var whole = bed.atEnd(bytes, 64);
                var cut = bed.atEnd(bytes, 64);
                c.kernel.form().pack(bed.x.address(), 19, cols, 0, 19, whole.address());
                c.kernel.form().pack(bed.x.address(), 19, cols, 11, 19, cut.address());
                c.kernel.form().pack(bed.x.address(), 19, cols, 0, 11, cut.address());
                long values = packed(c.kernel, 19, cols);
                assertThat(cut.asSlice(0, values).mismatch(whole.asSlice(0, values)))
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void shouldHoldAtTheExtremes() {
        for (Case c : cases()) {
            int cols = 5 * Math.max(c.format.blockSize(), 32);
            for (int n : new int[] {1, 9, 16}) {
                for (int sign = -1; sign <= 1; sign += 2) {
                    try (Bed bed = new Bed(c.format, c.kernel, 18, cols, n).random(1)) {
                        for (boolean isHighest : new boolean[] {true, false}) {
                            sameCodes(bed, isHighest);
                            for (int i = 0; i < n * cols; i++) Floats.set(bed.x, i, sign * 3e4f);
                            String what = c.format.name() + ", highest codes=" + isHighest + ", n=" + n;
                            check(bed, c.isInt8(), bed.run(0, n), what);
                        }
                        for (int i = 0; i < n * cols; i++) Floats.set(bed.x, i, i % 2 == 0 ? 0 : -0f);
                        assertThat(bed.run(0, n))
                                .as(c.format.name() + " of zeros")
                                .containsOnly(0f);
                    }
                }
            }
        }
    }

    /** Every code at its least or its greatest, scales finite: -128 or 127 for bytes. */
    static void sameCodes(Bed bed, boolean isHighest) {
        int bits = isHighest ? 0xFF : 0x00;
        switch (bed.format.name()) {
            case "q8_0" -> fill(bed, 34, 2, 34, isHighest ? 0x7F : 0x80);
            case "q4_0" -> fill(bed, 18, 2, 18, bits);
            case "q4_k" -> fill(bed, 144, 16, 144, bits);
            case "q5_k" -> fill(bed, 176, 16, 176, bits);
            case "q6_k" -> fill(bed, 210, 0, 192, bits);
            default -> {} // floats have no codes
        }
    }

    private static void fill(Bed bed, int block, int from, int to, int value) {
        for (long b = 0; b < bed.w.byteSize(); b += block)
            bed.w.asSlice(b + from, to - from).fill((byte) value);
    }

    @Test
    void shouldCarryWhatIsNotFinite() {
        for (Case c : cases()) {
            int cols = 5 * Math.max(c.format.blockSize(), 32);
            for (int n : new int[] {1, 6, 16}) {
                for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                    try (Bed bed = new Bed(c.format, c.kernel, 18, cols, n).random(1)) {
                        float[] before = bed.run(0, n);
                        Floats.set(bed.x, (long) (n - 1) * cols + 77, odd);
                        float[] after = bed.run(0, n);
                        for (int i = 0; i < after.length; i++) {
                            boolean touched = i >= (n - 1) * 18;
                            if (touched == Float.isFinite(after[i]) || (!touched && after[i] != before[i])) {
                                fail("%s of %s, n=%d, at=%d: %s", c.format.name(), odd, n, i, after[i]);
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    void shouldReadScalesThatAreDenormalInfiniteOrNotNumbers() {
        for (Case c : cases()) {
            long at = scaleAt(c.format.name());
            if (at < 0) continue;
            int cols = 3 * c.format.blockSize();
            for (int n : new int[] {1, 2}) {
                for (int half : new int[] {0x0001, 0x83FF, 0x0400, 0x7BFF, 0x7C00, 0xFC00, 0x7E00}) {
                    try (Bed bed = new Bed(c.format, c.kernel, 17, cols, n).random(1)) {
                        long last = bed.w.byteSize() - c.format.blockBytes();
                        bed.w.set(Floats.SHORT, last + at, (short) half); // of the last row
                        float[] y = bed.run(0, n);
                        String what = c.format.name() + ", scale=" + Integer.toHexString(half) + ", n=" + n;
                        if ((half & 0x7C00) != 0x7C00) check(bed, c.isInt8(), y, what);
                        else assertThat(Float.isFinite(y[16])).as(what).isFalse();
                    }
                }
            }
        }
    }

    static long scaleAt(String format) {
        return switch (format) {
            case "q8_0", "q4_0", "q4_k", "q5_k" -> 0;
            case "q6_k" -> 208;
            default -> -1;
        };
    }

    @Test
    void shouldGiveTheSameBitsFromManyThreadsWhileGarbageIsCollected() throws Exception {
        List<Case> cases = cases();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Boolean>> jobs = new ArrayList<>();
            for (int job = 0; job < 12; job++) {
                Case c = cases.get(job % cases.size());
                int n = 1 + job % 3 * 8;
                jobs.add(() -> {
                    try (Bed bed = new Bed(c.format, c.kernel, 40, 1024, n).random(n)) {
                        float[] first = bed.run(0, n);
                        boolean same = true;
                        for (int i = 0; i < 30; i++) same &= Arrays.equals(first, bed.run(0, n));
                        return same;
                    }
                });
            }
            List<Future<Boolean>> running = new ArrayList<>();
            for (Callable<Boolean> job : jobs) running.add(threads.submit(job));
            Random random = new Random(1);
            byte[][] garbage = new byte[64][];
            boolean waiting = true;
            while (waiting) {
                for (int i = 0; i < 500; i++) garbage[i % 64] = new byte[random.nextInt(20_000)];
                System.gc();
                waiting = running.stream().anyMatch(f -> !f.isDone());
            }
            for (Future<Boolean> f : running) assertThat(f.get()).isTrue();
        }
    }
}
