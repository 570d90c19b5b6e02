// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every provider's attention, over every format that rows may be kept in, against plain softmax in double. */
class AttentionLaws {
    private static final int PAGE = 64;
    private static final int SLOTS = 150;
    private static final String[] CACHED = {"f32", "f16", "bf16", "q8_0", "q4_0", "iq4_nl"}; // what caches are kept in
    private static final int[][] WIDTHS = {
        {64, 64},
        {80, 129},
        {8, 16},
        {136, 7},
        {128, 128},
        {1, 1},
        {33, 272},
        {20, 5},
        {160, 96},
        {32, 64},
        {64, 33},
        {96, 40}
    };

    private final KernelFixture fixture = new KernelFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Rows in one format, in pages, and the same rows decoded. */
    private final class Rows {
        final WeightFormat format;
        final int width;
        final MemorySegment bytes;
        final MemorySegment floats;

        Rows(WeightFormat format, int width) {
            this.format = format;
            this.width = width;
            bytes = fixture.weights(format, SLOTS, width);
            floats = fixture.room.floats((long) SLOTS * width);
            format.decode(bytes, 0, (long) SLOTS * width, floats, 0);
        }

        double at(int slot, int i) {
            return Raw.get(floats.address(), (long) slot * width + i);
        }
    }

    private interface Check {
        void run(AttentionKernel kernel, Rows keys, Rows values, String about);
    }

    /** Every format for keys, then pairs of formats at widths with and without a rest. */
    private void forAll(Check check) {
        List<WeightFormat> formats = KernelFixture.formats();
        int checked = 0;
        for (Kernels kernels : fixture.providers) {
            for (WeightFormat format : formats) {
                if (check(check, kernels, format, formats.getFirst(), 24, 40)) checked++;
            }
            for (int i = 0; i < 2 * CACHED.length; i++) { // with itself, then with the next
                WeightFormat k = WeightFormats.ALL.make(CACHED[i / 2]);
                WeightFormat v = WeightFormats.ALL.make(CACHED[(i / 2 + i % 2) % CACHED.length]);
                check(check, kernels, k, v, WIDTHS[i][0], WIDTHS[i][1]);
            }
        }
        assertThat(checked).isGreaterThanOrEqualTo(formats.size());
    }

    private boolean check(Check check, Kernels kernels, WeightFormat k, WeightFormat v, int keyWidth, int valueWidth) {
        int keyCols = KernelFixture.cols(k, keyWidth);
        int valueCols = KernelFixture.cols(v, valueWidth);
        Set<AttentionKernel> checked = new HashSet<>(); // where both modes have the same kernel, once
        for (Numerics numerics : Numerics.values()) {
            var kernel = kernels.attention(k, v, keyCols, valueCols, numerics);
            if (kernel.isEmpty() || !checked.add(kernel.get())) continue;
            if (numerics == Numerics.EXACT) assertThat(kernel.get().bound()).isZero();
            long mark = fixture.room.mark();
            String about = kernels.name() + " " + k.name() + " x " + keyCols + "/" + v.name() + " x " + valueCols + " "
                    + numerics + " seed=" + fixture.seed;
            check.run(kernel.get(), new Rows(k, keyCols), new Rows(v, valueCols), about);
            fixture.room.release(mark);
        }
        return !checked.isEmpty();
    }

    private AttentionKernel.Task task(Rows keys, Rows values, int queries) {
        AttentionKernel.Task task = new AttentionKernel.Task();
        task.keyWidth = keys.width;
        task.valueWidth = values.width;
        task.scale = 0.3f;
        task.queries = queries;
        task.queryStride = keys.width + 3L;
        task.query = fixture.floats((int) (queries * task.queryStride)).address();
        task.outStride = values.width + 5L;
        task.out = fixture.floats((int) (queries * task.outStride)).address();
        task.lseStride = 2;
        task.lse = fixture.floats(2 * queries).address();
        task.visibleFrom = new int[queries];
        task.visibleTo = new int[queries];
        for (int i = 0; i < queries; i++) {
            task.visibleFrom[i] = i % 3 == 0 ? 0 : fixture.random.nextInt(SLOTS);
            task.visibleTo[i] = task.visibleFrom[i] + fixture.random.nextInt(SLOTS - task.visibleFrom[i] + 1);
        }
        task.keyRowBytes = keys.format.bytesFor(keys.width);
        task.valueRowBytes = values.format.bytesFor(values.width);
        task.pageSlots = PAGE;
        task.valuesOffset = PAGE * task.keyRowBytes + 1;
        long pageBytes = task.valuesOffset + PAGE * task.valueRowBytes;
        task.pages = new long[Math.ceilDiv(SLOTS, PAGE)];
        for (int p = 0; p < task.pages.length; p++) {
            MemorySegment page = fixture.room.take(pageBytes);
            page.fill((byte) -1); // slots that nothing was written to: NaN in every format
            int slots = Math.min(PAGE, SLOTS - p * PAGE);
            long first = (long) p * PAGE;
            MemorySegment.copy(keys.bytes, first * task.keyRowBytes, page, 0, slots * task.keyRowBytes);
            MemorySegment.copy(
                    values.bytes, first * task.valueRowBytes, page, task.valuesOffset, slots * task.valueRowBytes);
            task.pages[p] = page.address();
        }
        task.toSlot = SLOTS;
        return task;
    }

    private void run(AttentionKernel kernel, AttentionKernel.Task task) {
        Scratch room = fixture.room;
        long mark = room.mark();
        kernel.run(task, room.take(kernel.scratchBytes(task)).address());
        room.release(mark);
    }

    @Test
    void shouldBeSoftmaxOfWhatIsVisible() {
        forAll((kernel, keys, values, about) -> {
            for (int i = 0; i < 4; i++) {
                AttentionKernel.Task task = task(keys, values, i == 3 ? 37 : 7);
                task.softCap = i % 2 == 0 ? 0 : 1.5f;
                task.visibleTo[3] = task.visibleFrom[3]; // sees nothing
                task.fromSlot = 32;
                task.toSlot = SLOTS - 7;
                if (i > 1) task.bias = bias(SLOTS - 39);
                run(kernel, task);
                for (int q = 0; q < task.queries; q++) compare(kernel, task, keys, values, q, about + " trial " + i);
            }
        });
    }

    /** Logarithms of counts, some less than 1, and behind them what is no number. */
    private long bias(int slots) {
        MemorySegment bias = fixture.room.floats(slots + AttentionKernel.BIAS_ROOM);
        bias.fill((byte) -1);
        for (int s = 0; s < slots; s++) Raw.set(bias.address(), s, (float) Math.log(fixture.random.nextFloat() * 20));
        return bias.address();
    }

    /** Slots raised by log 2 are as those and the same again, raised by nothing as they were. */
    @Test
    void shouldTakeASlotForAsManyAsItsBiasSays() {
        forAll((kernel, keys, values, about) -> {
            AttentionKernel.Task task = task(keys, values, 8);
            task.pages[1] = task.pages[0];
            MemorySegment bias = fixture.room.floats(PAGE + AttentionKernel.BIAS_ROOM);
            MemorySegment[] outs = new MemorySegment[4];
            Arrays.fill(task.visibleFrom, 0);
            for (int i = 0; i < 4; i++) {
                task.bias = i == 0 || i == 3 ? 0 : bias.address();
                Arrays.fill(task.visibleTo, task.toSlot = i == 0 ? 2 * PAGE : PAGE);
                for (int s = 0; s < PAGE; s++) Raw.set(bias.address(), s, i == 1 ? (float) Math.log(2) : 0);
                run(kernel, task);
                outs[i] = copyOut(task);
            }
            assertThat(outs[3].mismatch(outs[2])).as(about).isEqualTo(-1);
            for (int d = 0; d < values.width; d++) {
                float off = Raw.get(outs[1].address(), d) - Raw.get(outs[0].address(), d);
                assertThat((double) off).as(about).isCloseTo(0, within(1e-4 + 4 * kernel.bound()));
            }
        });
    }

    private static void compare(
            AttentionKernel kernel, AttentionKernel.Task task, Rows keys, Rows values, int query, String about) {
        double[] out = new double[values.width];
        double[] most = new double[values.width];
        double sum = 0;
        double off = 0; // how far the kernel may be off in a score
        int to = Math.min(task.toSlot, task.visibleTo[query]);
        for (int s = Math.max(task.fromSlot, task.visibleFrom[query]); s < to; s++) {
            double score = 0;
            double size = 0;
            for (int d = 0; d < keys.width; d++) {
                double q = Raw.get(task.query, query * task.queryStride + d);
                score += keys.at(s, d) * q;
                size += Math.abs(q) * kernel.bound() * Math.abs(keys.at(s, d));
            }
            off = Math.max(off, task.scale * size);
            score *= task.scale;
            if (task.softCap != 0) score = task.softCap * Math.tanh(score / task.softCap);
            if (task.bias != 0) score += Raw.get(task.bias, s - task.fromSlot);
            double weight = Math.exp(score);
            sum += weight;
            for (int d = 0; d < values.width; d++) {
                out[d] += weight * values.at(s, d);
                most[d] = Math.max(most[d], Math.abs(values.at(s, d)));
            }
        }
        float lse = Raw.get(task.lse, query * task.lseStride);
        if (sum == 0) assertThat(lse).as(about).isEqualTo(Float.NEGATIVE_INFINITY);
        else assertThat((double) lse).as(about).isCloseTo(Math.log(sum), within(1e-4 + kernel.bound() + off));
        for (int d = 0; d < values.width; d++) {
            assertThat((double) Raw.get(task.out, query * task.outStride + d))
                    .as("%s query=%d d=%d", about, query, d)
                    .isCloseTo(
                            sum == 0 ? 0 : out[d] / sum,
                            within(1e-4 + (Math.expm1(2 * off) + kernel.bound()) * most[d]));
        }
    }

    /** The queries beside it do not change what a query gets, bit for bit; in fast mode not as long as they are few. */
    @Test
    void shouldGiveTheSameBitsInAnyCompany() {
        forAll((kernel, keys, values, about) -> {
            AttentionKernel.Task all = task(keys, values, kernel.bound() == 0 ? 11 : 8);
            all.bias = bias(SLOTS);
            run(kernel, all);
            for (int i = 0; i < all.queries; i++) {
                AttentionKernel.Task one = task(keys, values, 1);
                one.bias = all.bias;
                one.query = all.query + 4L * i * all.queryStride;
                one.visibleFrom = Arrays.copyOfRange(all.visibleFrom, i, i + 1);
                one.visibleTo = Arrays.copyOfRange(all.visibleTo, i, i + 1);
                run(kernel, one);
                for (int d = 0; d < values.width; d++) {
                    assertThat(Raw.get(one.out, d)).as(about).isEqualTo(Raw.get(all.out, i * all.outStride + d));
                }
                assertThat(Raw.get(one.lse, 0)).as(about).isEqualTo(Raw.get(all.lse, i * all.lseStride));
            }
        });
    }

    /** Scores so far apart that one slot has all the weight, with and without a cap, or all of the same weight. */
    @Test
    void shouldStandScoresOfAnySize() {
        forAll((kernel, keys, values, about) -> {
            for (float scale : new float[] {1e30f, -1e30f, 1e-40f, 0}) {
                AttentionKernel.Task task = task(keys, values, 5);
                task.scale = scale;
                task.softCap = scale == -1e30f ? 20 : 0;
                run(kernel, task);
                for (int i = 0; i < task.queries; i++) {
                    heaviest(kernel, task, keys, values, i, about + " scale=" + scale);
                }
                if (kernel.bound() != 0 && Math.abs(scale) > 1)
                    continue; // which slot is the heaviest is within its bound
                MemorySegment got = copyOut(task);
                float lse = Raw.get(task.lse, 0);
                run(new ScalarAttention(keys.format, values.format), task);
                for (int i = 0; i < task.queries * task.outStride; i++) {
                    double wanted = Raw.get(task.out, i);
                    assertThat((double) Raw.get(got.address(), i))
                            .as("%s scale=%s at=%d", about, scale, i)
                            .isCloseTo(wanted, within(1e-4 + 5 * kernel.bound()));
                }
                double wanted = Raw.get(task.lse, 0);
                assertThat((double) lse)
                        .as(about)
                        .isCloseTo(wanted, within(1e-4 + kernel.bound() + 1e-5 * Math.abs(wanted)));
            }
        });
    }

    /** An output lies among the values of the slots that, within the kernel's bound, score as high as any. */
    private static void heaviest(
            AttentionKernel kernel, AttentionKernel.Task task, Rows keys, Rows values, int query, String about) {
        int from = task.visibleFrom[query];
        int to = task.visibleTo[query];
        double[] score = new double[to];
        double off = 0;
        double best = Double.NEGATIVE_INFINITY;
        for (int s = from; s < to; s++) {
            double size = 0;
            for (int d = 0; d < keys.width; d++) {
                double product = task.scale * keys.at(s, d) * Raw.get(task.query, query * task.queryStride + d);
                score[s] += product;
                size += Math.abs(product);
            }
            off = Math.max(off, (kernel.bound() + 1e-5) * size);
            if (task.softCap != 0) score[s] = Math.clamp(score[s], -task.softCap, task.softCap);
            best = Math.max(best, score[s]);
        }
        for (int d = 0; from < to && d < values.width; d++) {
            double least = Double.POSITIVE_INFINITY;
            double most = Double.NEGATIVE_INFINITY;
            for (int s = from; s < to; s++) {
                if (score[s] < best - 2 * off - 30) continue; // e^-30 is nothing
                least = Math.min(least, values.at(s, d));
                most = Math.max(most, values.at(s, d));
            }
            double allowed = 1e-4 + kernel.bound() * Math.max(Math.abs(least), Math.abs(most));
            assertThat((double) Raw.get(task.out, query * task.outStride + d))
                    .as("%s query=%d d=%d", about, query, d)
                    .isBetween(least - allowed, most + allowed);
        }
    }

    private MemorySegment copyOut(AttentionKernel.Task task) {
        long bytes = task.queries * task.outStride * Float.BYTES;
        return fixture.room.take(bytes).copyFrom(Raw.ALL.asSlice(task.out, bytes));
    }

    /** A query that is not a number gets no number; those beside it, and one that sees nothing, are as before. */
    @Test
    void shouldNotHideWhatIsNotANumber() {
        forAll((kernel, keys, values, about) -> {
            AttentionKernel.Task task = task(keys, values, 3);
            Arrays.fill(task.visibleFrom, 3);
            task.visibleTo = new int[] {100, 3, 100};
            run(kernel, task);
            MemorySegment before = copyOut(task);
            Raw.set(task.query, 0, Float.NaN);
            Raw.set(task.query, task.queryStride, Float.NaN);
            run(kernel, task);
            for (int d = 0; d < values.width; d++) {
                assertThat(Raw.get(task.out, d)).as(about).isNaN();
                assertThat(Raw.get(task.out, task.outStride + d)).as(about).isZero();
                assertThat(Raw.get(task.out, 2 * task.outStride + d))
                        .as(about)
                        .isEqualTo(Raw.get(before.address(), 2 * task.outStride + d));
            }
            assertThat(Raw.get(task.lse, 0)).as(about).isNaN();
            assertThat(Raw.get(task.lse, task.lseStride)).as(about).isEqualTo(Float.NEGATIVE_INFINITY);
        });
    }

    /** Slots that are seen but weigh nothing are as none. */
    @Test
    void shouldGiveNothingWhereEveryScoreIsMinusInfinity() {
        int checked = 0;
        for (Kernels kernels : fixture.providers) {
            for (String format : CACHED) {
                WeightFormat f = WeightFormats.ALL.make(format);
                for (Numerics numerics : Numerics.values()) {
                    var kernel = kernels.attention(f, f, 32, 64, numerics);
                    if (kernel.isEmpty()) continue;
                    checked++;
                    nothing(kernel.get(), f, kernels.name() + " " + format + " " + numerics);
                }
            }
        }
        assertThat(checked).isGreaterThanOrEqualTo(2 * CACHED.length);
    }

    private void nothing(AttentionKernel kernel, WeightFormat format, String about) {
        Rows keys = new Rows(format, 32);
        format.encode(fixture.room.floats(SLOTS * 32).fill((byte) 0x3F), 0, SLOTS * 32, keys.bytes, 0); // some 0.75
        AttentionKernel.Task task = task(keys, new Rows(format, 64), 2);
        for (int d = 0; d < 32; d++) {
            Raw.set(task.query, d, Float.NEGATIVE_INFINITY);
            Raw.set(task.query, task.queryStride + d, Float.NEGATIVE_INFINITY);
        }
        task.visibleTo[0] = SLOTS;
        run(kernel, task);
        for (int d = 0; d < 64; d++) assertThat(Raw.get(task.out, d)).as(about).isZero();
        assertThat(Raw.get(task.lse, 0)).as(about).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    /** What lies beside a query's output is not touched. */
    @Test
    void shouldKeepToItsOutput() {
        forAll((kernel, keys, values, about) -> {
            AttentionKernel.Task task = task(keys, values, 4);
            MemorySegment all = fixture.room.floats(4 * task.outStride + 32);
            all.fill((byte) 77);
            float untouched = Raw.get(all.address(), 0);
            task.out = all.address() + 16L * Float.BYTES;
            run(kernel, task);
            for (int i = 0; i < 4 * task.outStride + 32; i++) {
                boolean isOut = i >= 16 && i < 16 + 4 * task.outStride && (i - 16) % task.outStride < values.width;
                assertThat(Raw.get(all.address(), i) == untouched)
                        .as("%s at %d", about, i)
                        .isEqualTo(!isOut);
            }
        });
    }
}
