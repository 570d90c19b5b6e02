// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Attention on tiles over widths, numbers of queries, masks and sizes of pages, against plain softmax in double over the
 * same rows. Every page and the working space end where a mapping ends: a read or write past it ends the JVM.
 */
class AmxAttentionLaws {
    private static final long SEED = 20261121;
    private static final double POWERS = 2e-4; // few queries are not rounded: what is off is the powers
    private static final String[] CODECS = {"f16", "bf16", "q8_0", "q4_0", "iq4_nl"};
    private static final int[] WIDTHS = {32, 64, 80, 96, 128, 256, 1, 33, 47, 17};
    private static final int[] COUNTS = {1, 3, 4, 8, 16, 17, 32, 33, 100}; // queries
    private static final int[] PAGES = {32, 96, 4096}; // slots of a page

    private final Random random = new Random(SEED);
    private final Memory memory = Memory.withBudget(64 << 20);
    private final EndPages pages = new EndPages();
    private Kernels kernels;

    @BeforeEach
    void bind() {
        Cpu cpu = Cpu.detect();
        AmxKernels provider = new AmxKernels();
        assumeTrue(SystemRefusals.runs(provider, cpu), "needs AMX");
        kernels = provider.bind(cpu, memory);
    }

    @AfterEach
    void close() {
        if (kernels != null) kernels.close();
        pages.close();
        memory.close();
    }

    private MemorySegment gaussian(long count) {
        MemorySegment s = pages.atEnd(4 * count, 4);
        for (int i = 0; i < count; i++) Floats.set(s, i, (float) random.nextGaussian());
        return s;
    }

    /** Behind it what may be read and is no number. */
    private long bias(int slots) {
        MemorySegment bias = pages.atEnd(4L * (slots + AttentionKernel.BIAS_ROOM), 4);
        bias.fill((byte) -1);
        for (int s = 0; s < slots; s++) Floats.set(bias, s, (float) Math.log(1 + random.nextInt(20)));
        return bias.address();
    }

    /** A task, the rows it reads as floats, and what it is about. */
    private record Trial(AttentionKernel.Task task, MemorySegment keys, MemorySegment values, String about) {}

    private Trial trial(String k, String v, int keyWidth, int valueWidth, int queries, int slots, int pageSlots) {
        WeightFormat keys = WeightFormats.ALL.make(k);
        WeightFormat values = WeightFormats.ALL.make(v);
        AttentionKernel.Task t = new AttentionKernel.Task();
        t.keyWidth = Math.ceilDiv(keyWidth, keys.blockSize()) * keys.blockSize();
        t.valueWidth = Math.ceilDiv(valueWidth, values.blockSize()) * values.blockSize();
        t.scale = (float) (1 / Math.sqrt(t.keyWidth));
        t.queries = queries;
        t.queryStride = t.keyWidth;
        t.query = gaussian((long) queries * t.keyWidth).address();
        t.outStride = t.valueWidth;
        t.out = pages.atEnd(4L * queries * t.valueWidth, 4).address();
        t.lseStride = 1;
        t.lse = pages.atEnd(4L * queries, 4).address();
        t.keyRowBytes = keys.bytesFor(t.keyWidth);
        t.valueRowBytes = values.bytesFor(t.valueWidth);
        t.valuesOffset = pageSlots * t.keyRowBytes;
        t.pageSlots = pageSlots;
        t.toSlot = slots;
        if (queries % 2 == slots % 2) t.bias = bias(slots);
        t.visibleFrom = new int[queries];
        t.visibleTo = new int[queries];
        MemorySegment keyFloats = gaussian((long) slots * t.keyWidth);
        MemorySegment valueFloats = gaussian((long) slots * t.valueWidth);
        int tiles = Math.ceilDiv(slots, AttentionKernel.TILE) * AttentionKernel.TILE;
        t.pages = new long[Math.ceilDiv(slots, pageSlots)];
        for (int p = 0; p < t.pages.length; p++) {
            int room = Math.min(pageSlots, tiles - p * pageSlots); // the last page ends after the last tile's values
            int count = Math.min(pageSlots, slots - p * pageSlots);
            MemorySegment page = pages.atEnd(t.valuesOffset + room * t.valueRowBytes, 1);
            page.fill((byte) -1);
            long first = (long) p * pageSlots;
            keys.encode(keyFloats, 4 * first * t.keyWidth, (long) count * t.keyWidth, page, 0);
            values.encode(valueFloats, 4 * first * t.valueWidth, (long) count * t.valueWidth, page, t.valuesOffset);
            keys.decode(page, 0, (long) count * t.keyWidth, keyFloats, 4 * first * t.keyWidth);
            values.decode(page, t.valuesOffset, (long) count * t.valueWidth, valueFloats, 4 * first * t.valueWidth);
            t.pages[p] = page.address();
        }
        String about = k + " x " + t.keyWidth + ", " + v + " x " + t.valueWidth + ", queries=" + queries + ", slots="
                + slots + ", pages of " + pageSlots + ", seed=" + SEED;
        return new Trial(t, keyFloats, valueFloats, about);
    }

    private AttentionKernel kernel(Trial trial, String k, String v) {
        return kernels.attention(
                        WeightFormats.ALL.make(k),
                        WeightFormats.ALL.make(v),
                        trial.task.keyWidth,
                        trial.task.valueWidth,
                        Numerics.FAST)
                .orElseThrow();
    }

    private void run(AttentionKernel kernel, Trial trial) {
        MemorySegment scratch = pages.atEnd(kernel.scratchBytes(trial.task), 8);
        scratch.fill((byte) -1);
        kernel.run(trial.task, scratch.address());
    }

    private static float at(long base, long i) {
        return Floats.get(MemorySegment.ofAddress(base).reinterpret(Long.MAX_VALUE - base), i);
    }

    private static void compare(AttentionKernel kernel, Trial trial) {
        AttentionKernel.Task t = trial.task;
        double bound = t.queries <= FewAttention.QUERIES ? POWERS : kernel.bound();
        for (int q = 0; q < t.queries; q++) {
            double[] out = new double[t.valueWidth];
            double most = 0;
            double sum = 0;
            double off = 0;
            for (int s = t.visibleFrom[q]; s < Math.min(t.toSlot, t.visibleTo[q]); s++) {
                double score = 0;
                double size = 0;
                for (int d = 0; d < t.keyWidth; d++) {
                    double product = (double) at(t.query, q * t.queryStride + d)
                            * Floats.get(trial.keys, (long) s * t.keyWidth + d);
                    score += product * t.scale;
                    size += Math.abs(product) * t.scale;
                }
                off = Math.max(off, bound * size);
                if (t.bias != 0) score += at(t.bias, s);
                double weight = Math.exp(score);
                sum += weight;
                for (int d = 0; d < t.valueWidth; d++) {
                    double value = Floats.get(trial.values, (long) s * t.valueWidth + d);
                    out[d] += weight * value;
                    most = Math.max(most, Math.abs(value));
                }
            }
            String about = trial.about + " query=" + q;
            if (sum == 0) assertThat(at(t.lse, q)).as(about).isEqualTo(Float.NEGATIVE_INFINITY);
            else assertThat((double) at(t.lse, q)).as(about).isCloseTo(Math.log(sum), within(1e-4 + bound + off));
            double worst = 0;
            for (int d = 0; d < t.valueWidth; d++) {
                double wanted = sum == 0 ? 0 : out[d] / sum;
                double is = at(t.out, q * t.outStride + d);
                worst = Math.max(worst, Double.isNaN(is) ? Double.POSITIVE_INFINITY : Math.abs(is - wanted));
            }
            assertThat(worst).as(about).isLessThan(1e-5 + (Math.expm1(2 * off) + bound) * most);
            assertThat(worst).as(about + ", as errors usually are").isLessThan(1e-5 + 4 * bound * most);
        }
    }

    /** The smallest numbers of f16, normal and subnormal, as values that all weigh the same. */
    @Test
    void shouldTakeNothingForZero() {
        for (int queries : new int[] {1, 4, 7, 8, 16}) {
            Trial trial = trial("f16", "f16", 64, 80, queries, 200, 96);
            AttentionKernel.Task t = trial.task;
            t.bias = 0;
            t.scale = 0;
            Arrays.fill(t.visibleTo, 200);
            double least = 0x1p-14;
            WeightFormat f16 = WeightFormats.ALL.make("f16");
            for (int s = 0; s < 200; s++) {
                for (int d = 0; d < 80; d++) {
                    Floats.set(trial.values, 80L * s + d, (float) (least * (d < 40 ? 1 + d / 40.0 : d / 80.0)));
                }
                MemorySegment page =
                        MemorySegment.ofAddress(t.pages[s / 96]).reinterpret(t.valuesOffset + 96 * t.valueRowBytes);
                f16.encode(trial.values, 320L * s, 80, page, t.valuesOffset + s % 96 * t.valueRowBytes);
                f16.decode(page, t.valuesOffset + s % 96 * t.valueRowBytes, 80, trial.values, 320L * s);
            }
            AttentionKernel kernel = kernel(trial, "f16", "f16");
            run(kernel, trial);
            for (int q = 0; q < queries; q++) {
                for (int d = 0; d < 80; d++) {
                    double wanted = Floats.get(trial.values, d);
                    double bound = queries <= FewAttention.QUERIES ? POWERS : kernel.bound();
                    assertThat((double) at(t.out, q * 80L + d)).isCloseTo(wanted, within(bound * wanted));
                }
            }
        }
    }

    /** Heads that share pages, in one call: bit for bit what each gets alone, of masks and pages of several kinds. */
    @Test
    void shouldGiveEachHeadWhatItGetsAlone() {
        for (int i = 0; i < 3 * CODECS.length; i++) {
            String k = CODECS[i % CODECS.length];
            String v = CODECS[(i + i / 5) % CODECS.length];
            int queries = 1 + i % 8;
            int slots = 33 + 480 * (i % 3);
            Trial[] alone = new Trial[3];
            for (int h = 0; h < alone.length; h++) {
                alone[h] = trial(k, v, WIDTHS[i % WIDTHS.length], 64, queries, slots, PAGES[(i + 1) % 3]);
                for (int q = 0; q < queries; q++) {
                    alone[h].task.visibleTo[q] = slots - 9 * (q % 3);
                    alone[h].task.visibleFrom[q] = i % 2 == 0 ? 0 : Math.max(0, slots - 70 - 5 * q);
                }
                alone[h].task.bias = alone[0].task.bias;
            }
            AttentionKernel kernel = kernel(alone[0], k, v);
            assertThat(kernel.queriesTogether()).isGreaterThanOrEqualTo(queries);
            Trial together = together(alone);
            run(kernel, together);
            for (int h = 0; h < alone.length; h++) {
                run(kernel, alone[h]);
                compare(kernel, alone[h]);
                AttentionKernel.Task one = alone[h].task;
                assertThat(differ(together.task.lse, one.lse, h, queries)).isEqualTo(-1);
                assertThat(differ(together.task.out, one.out, h, queries * one.valueWidth))
                        .isEqualTo(-1);
            }
            pages.close();
        }
    }

    /** Where a head's floats are not those of one alone; -1: nowhere. */
    private static long differ(long all, long one, int head, int count) {
        return bytes(all + 4L * head * count, 4L * count).mismatch(bytes(one, 4L * count));
    }

    private static MemorySegment bytes(long address, long count) {
        return MemorySegment.ofAddress(address).reinterpret(count);
    }

    /** The same rows and queries, head after head in each page. */
    private Trial together(Trial[] heads) {
        AttentionKernel.Task first = heads[0].task;
        int slots = Math.ceilDiv(first.toSlot, AttentionKernel.TILE) * AttentionKernel.TILE;
        Trial all = trial(
                "bf16", "bf16", first.keyWidth, first.valueWidth, heads.length * first.queries, first.toSlot, slots);
        AttentionKernel.Task t = all.task;
        t.heads = heads.length;
        t.queries = first.queries;
        t.bias = first.bias;
        t.visibleFrom = first.visibleFrom;
        t.visibleTo = first.visibleTo;
        t.keyRowBytes = first.keyRowBytes;
        t.valueRowBytes = first.valueRowBytes;
        t.valuesOffset = first.valuesOffset;
        t.pageSlots = first.pageSlots;
        t.headBytes = first.valuesOffset + first.pageSlots * first.valueRowBytes;
        t.pages = new long[first.pages.length];
        for (int p = 0; p < t.pages.length; p++) {
            int room = Math.min(first.pageSlots, slots - p * first.pageSlots); // of the last head, as of one alone
            long bytes = first.valuesOffset + room * first.valueRowBytes;
            MemorySegment page = pages.atEnd((heads.length - 1) * t.headBytes + bytes, 1);
            for (int h = 0; h < heads.length; h++) {
                MemorySegment.copy(bytes(heads[h].task.pages[p], bytes), 0, page, h * t.headBytes, bytes);
            }
            t.pages[p] = page.address();
        }
        long queryBytes = 4L * first.queries * first.keyWidth;
        MemorySegment query = MemorySegment.ofAddress(t.query).reinterpret(heads.length * queryBytes);
        for (int h = 0; h < heads.length; h++) {
            MemorySegment.copy(bytes(heads[h].task.query, queryBytes), 0, query, h * queryBytes, queryBytes);
        }
        return new Trial(t, all.keys, all.values, heads.length + " heads of " + heads[0].about);
    }

    private interface Mask {
        void see(AttentionKernel.Task task, int query);
    }

    private void forAll(Mask mask, int... slots) {
        for (int i = 0; i < 6 * WIDTHS.length; i++) {
            String k = CODECS[(i + i / WIDTHS.length) % CODECS.length]; // of each width each
            String v = CODECS[(i + i / 2) % CODECS.length];
            int count = COUNTS[i % COUNTS.length];
            int width = WIDTHS[i % WIDTHS.length];
            Trial trial = trial(
                    k, v, width, WIDTHS[(i + i / 10) % WIDTHS.length], count, slots[i % slots.length], PAGES[i % 3]);
            for (int q = 0; q < count; q++) mask.see(trial.task, q);
            AttentionKernel kernel = kernel(trial, k, v);
            run(kernel, trial);
            compare(kernel, trial);
            pages.close();
            kernels.close();
            kernels = new AmxKernels().bind(Cpu.detect(), memory);
        }
    }

    @Test
    void shouldBeSoftmaxOfAllSlots() {
        forAll(
                (t, _) -> {
                    Arrays.fill(t.visibleTo, t.toSlot);
                },
                1,
                31,
                32,
                33,
                127,
                128,
                129,
                300);
    }

    /** More pages than are listed at once. */
    @Test
    void shouldGoThroughManyPages() {
        int slots = FewLayout.LISTED * 32 + 100;
        Trial trial = trial("q8_0", "f16", 32, 16, 3, slots, 32);
        for (int q = 0; q < 3; q++) trial.task.visibleTo[q] = slots - 500 * q;
        AttentionKernel kernel = kernel(trial, "q8_0", "f16");
        run(kernel, trial);
        compare(kernel, trial);
    }

    /** As a prompt is: the last query sees the last slot, in groups of four that share their rows. */
    @Test
    void shouldBeSoftmaxOfWhatWasBefore() {
        forAll((t, q) -> t.visibleTo[q] = Math.max(1, t.toSlot - (t.queries - 1 - q) / 4), 64, 200, 257, 2200);
    }

    /** Windows, some of which are empty. */
    @Test
    void shouldBeSoftmaxOfAWindow() {
        forAll(
                (t, q) -> {
                    t.visibleTo[q] = Math.max(0, t.toSlot - 3 * q);
                    t.visibleFrom[q] = Math.max(0, t.visibleTo[q] - 40);
                },
                90,
                210,
                400);
    }

    /** A maximum that keeps growing, by more and by less than what renews it, and one that is the first. */
    @Test
    void shouldStandGrowingScores() {
        for (float growth : new float[] {0.02f, 0.3f, -0.3f, 3f}) {
            Trial trial = trial("bf16", "bf16", 32, 64, 5, 1000, 96);
            AttentionKernel.Task t = trial.task;
            t.bias = 0;
            WeightFormat bf16 = WeightFormats.ALL.make("bf16");
            for (int s = 0; s < 1000; s++) {
                MemorySegment page = MemorySegment.ofAddress(t.pages[s / 96]).reinterpret(96 * t.keyRowBytes);
                for (int d = 0; d < 32; d++) Floats.set(trial.keys, 32L * s + d, d == 0 ? s * growth : 0);
                bf16.encode(trial.keys, 128L * s, 32, page, s % 96 * t.keyRowBytes);
                bf16.decode(page, s % 96 * t.keyRowBytes, 32, trial.keys, 128L * s);
            }
            for (int q = 0; q < 5; q++) {
                t.visibleTo[q] = 1000 - q;
                MemorySegment query = MemorySegment.ofAddress(t.query).reinterpret(4L * 5 * 32);
                for (int d = 0; d < 32; d++) Floats.set(query, 32L * q + d, d == 0 ? 1 : 0);
            }
            t.scale = 0.6931472f; // a whole score of log2: its product is exact in bf16
            AttentionKernel kernel = kernel(trial, "bf16", "bf16");
            run(kernel, trial);
            compareExactScores(kernel, trial);
        }
    }

    private static void compareExactScores(AttentionKernel kernel, Trial trial) {
        AttentionKernel.Task t = trial.task;
        for (int q = 0; q < t.queries; q++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int s = 0; s < t.visibleTo[q]; s++) max = Math.max(max, Floats.get(trial.keys, 32L * s));
            double sum = 0;
            double[] out = new double[t.valueWidth];
            for (int s = 0; s < t.visibleTo[q]; s++) {
                double weight = Math.pow(2, Floats.get(trial.keys, 32L * s) - max);
                sum += weight;
                for (int d = 0; d < t.valueWidth; d++)
                    out[d] += weight * Floats.get(trial.values, (long) s * t.valueWidth + d);
            }
            double lse = (max + Math.log(sum) / Math.log(2)) * Math.log(2);
            assertThat((double) at(t.lse, q)).isCloseTo(lse, within(1e-3 + 1e-6 * Math.abs(lse)));
            for (int d = 0; d < t.valueWidth; d++) {
                assertThat((double) at(t.out, q * t.outStride + d)).isCloseTo(out[d] / sum, within(4 * kernel.bound()));
            }
        }
    }
}
