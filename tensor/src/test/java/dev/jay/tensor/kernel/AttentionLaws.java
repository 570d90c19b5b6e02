// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every provider's attention, over every format that rows may be kept in, against plain softmax in double. */
class AttentionLaws {
    private static final int PAGE = 64;
    private static final int SLOTS = 150;

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

    private void forAll(Check check) {
        int checked = 0;
        for (Kernels kernels : fixture.providers) {
            for (WeightFormat format : KernelFixture.formats()) {
                int width = KernelFixture.cols(format, 24);
                WeightFormat other = KernelFixture.formats().getFirst();
                var kernel = kernels.attention(format, other, width, 40);
                if (kernel.isEmpty()) continue;
                long mark = fixture.room.mark();
                String about = kernels.name() + " " + format.name() + " seed=" + fixture.seed;
                check.run(kernel.get(), new Rows(format, width), new Rows(other, 40), about);
                fixture.room.release(mark);
                checked++;
            }
        }
        assertThat(checked).isGreaterThanOrEqualTo(KernelFixture.formats().size());
    }

    private AttentionKernel.Task task(Rows keys, Rows values, int queries) {
        AttentionKernel.Task task = new AttentionKernel.Task();
        task.keyWidth = keys.width;
        task.valueWidth = values.width;
        task.scale = 0.3f;
        task.queries = queries;
        task.queryStride = keys.width + 3;
        task.query = fixture.floats((int) (queries * task.queryStride)).address();
        task.outStride = values.width + 5;
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
            for (float cap : new float[] {0, 1.5f}) {
                AttentionKernel.Task task = task(keys, values, 9);
                task.softCap = cap;
                task.visibleTo[3] = task.visibleFrom[3]; // sees nothing
                task.fromSlot = 32;
                task.toSlot = SLOTS - 7;
                run(kernel, task);
                for (int i = 0; i < task.queries; i++) compare(task, keys, values, i, about + " cap=" + cap);
            }
        });
    }

    private static void compare(AttentionKernel.Task task, Rows keys, Rows values, int query, String about) {
        double[] out = new double[values.width];
        double sum = 0;
        int to = Math.min(task.toSlot, task.visibleTo[query]);
        for (int s = Math.max(task.fromSlot, task.visibleFrom[query]); s < to; s++) {
            double score = 0;
            for (int d = 0; d < keys.width; d++) {
                score += keys.at(s, d) * Raw.get(task.query, query * task.queryStride + d);
            }
            score *= task.scale;
            if (task.softCap != 0) score = task.softCap * Math.tanh(score / task.softCap);
            double weight = Math.exp(score);
            sum += weight;
            for (int d = 0; d < values.width; d++) out[d] += weight * values.at(s, d);
        }
        float lse = Raw.get(task.lse, query * task.lseStride);
        if (sum == 0) assertThat(lse).as(about).isEqualTo(Float.NEGATIVE_INFINITY);
        else assertThat((double) lse).as(about).isCloseTo(Math.log(sum), within(1e-4));
        for (int d = 0; d < values.width; d++) {
            assertThat((double) Raw.get(task.out, query * task.outStride + d))
                    .as("%s query=%d d=%d", about, query, d)
                    .isCloseTo(sum == 0 ? 0 : out[d] / sum, within(1e-4));
        }
    }

    /** The queries beside it do not change what a query gets, bit for bit. */
    @Test
    void shouldGiveTheSameBitsInAnyCompany() {
        forAll((kernel, keys, values, about) -> {
            AttentionKernel.Task all = task(keys, values, 11);
            run(kernel, all);
            for (int i = 0; i < all.queries; i++) {
                AttentionKernel.Task one = task(keys, values, 1);
                one.query = all.query + 4 * i * all.queryStride;
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
}
