// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CpuOpsTest {
    private final Memory memory = Memory.withBudget(64 << 20);
    private final Region region = memory.reserve("test", 32 << 20);
    private final Scratch scratch = new Scratch(region.bytes());
    private final Workers workers = Workers.of(2);
    private final KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
    private final CpuOps ops = new CpuOps(memory, workers, kernels, 8);
    private final Random random = new Random(11);

    @AfterEach
    void close() {
        ops.close();
        kernels.close();
        workers.close();
        region.close();
        memory.close();
    }

    @BeforeEach
    void held() {
        assertThat(memory.byPurpose()).doesNotContainKey("kernel-scratch");
    }

    @Test
    void shouldMultiplyAGroupThatSharesItsInput() {
        int n = 9;
        int cols = 172;
        Tensor a = f32(500, cols);
        Tensor b = f32(33, cols);
        MemorySegment x = floats(n * cols);
        MemorySegment ya = scratch.floats(n * 500L);
        MemorySegment yb = scratch.floats(n * 33L);
        MatMul bound = ops.bind(List.of(a, b), Numerics.EXACT);
        bound.run(new Activations(x, n, cols, scratch), ya, yb);
        check(a, x, n, ya);
        check(b, x, n, yb);
        assertThat(memory.byPurpose()).containsKey("kernel-scratch");
        assertThat(ops.describe()).contains("matmul f32");
    }

    @Test
    void shouldRejectWhenSegmentsDoNotFit() {
        Tensor a = f32(4, 8);
        MatMul bound = ops.bind(List.of(a), Numerics.EXACT);
        Activations x = new Activations(scratch.floats(16), 2, 8, scratch);
        assertThatThrownBy(() -> bound.run(x, scratch.floats(7)))
                .hasMessageContaining("matmul output is too short: wanted=32 bytes, got=28");
        assertThatThrownBy(() -> bound.run(x)).hasMessageContaining("matrices=1, outputs=0");
        assertThatThrownBy(() -> bound.run(x, MemorySegment.ofArray(new float[8])))
                .hasMessageContaining("off-heap");
        Region gone = memory.reserve("gone", 64);
        MemorySegment closed = gone.bytes();
        gone.close();
        assertThatThrownBy(() -> bound.run(x, closed)).hasMessageContaining("was closed");
        assertThatThrownBy(() -> ops.bind(List.of(a, f32(4, 9)), Numerics.EXACT))
                .hasMessageContaining("8 and 9");
        assertThatThrownBy(() -> ops.rotate(scratch.floats(8), 1, 1, 8, 7, scratch.floats(8), true))
                .hasMessageContaining("rotaryDim=7");
        assertThatThrownBy(() -> ops.add(scratch.floats(8), scratch.floats(7), 8))
                .hasMessageContaining("add y");
        assertThatThrownBy(() -> KernelProviders.choose(Cpu.SCALAR, "none", memory))
                .hasMessageContaining("known=");
    }

    @Test
    void shouldSpreadRowsWithoutChangingThem() {
        int rows = 300;
        int dim = 257;
        MemorySegment x = floats(rows * dim);
        MemorySegment gain = floats(dim);
        MemorySegment all = scratch.floats((long) rows * dim);
        MemorySegment one = scratch.floats(dim);
        ops.rmsNorm(x, gain, 1e-5f, all, rows, dim);
        for (int r = 0; r < rows; r++) {
            ops.rmsNorm(x.asSlice(4L * r * dim, 4L * dim), gain, 1e-5f, one, 1, dim);
            assertThat(all.asSlice(4L * r * dim, 4L * dim).mismatch(one)).isEqualTo(-1);
        }
        float before = Floats.get(x, 70_001);
        ops.add(x, all, (long) rows * dim);
        assertThat(Floats.get(x, 70_001)).isEqualTo(before + Floats.get(all, 70_001));
    }

    @Test
    void theGreatestOfManyShouldBeThatOfAllParts() {
        int count = 123_457;
        MemorySegment x = floats(count);
        ScalarRows definition = new ScalarRows();
        assertThat(ops.argMax(x, count)).isEqualTo(definition.argMax(x.address(), count));
        for (int i : new int[] {count - 1, 100_000, 61_696, 61_695, 7}) { // each before the last, and as great
            Floats.set(x, i, 1e9f);
            assertThat(ops.argMax(x, count)).isEqualTo(i);
        }
        for (int i : new int[] {count - 1, 70_000, 3}) {
            Floats.set(x, i, Float.NaN);
            assertThat(ops.argMax(x, count)).isEqualTo(i);
        }
    }

    @Test
    void shouldCopyAndMixOutOfPlace() {
        int count = 123_457; // no whole pieces
        MemorySegment x = floats(count);
        MemorySegment y = floats(count);
        MemorySegment copy = scratch.floats(count);
        MemorySegment mixed = scratch.floats(count);
        ops.copy(copy, x, count);
        assertThat(copy.mismatch(x)).isEqualTo(-1);
        ops.swiGlu(mixed, x, y, count);
        assertThat(copy.mismatch(x)).as("x stays").isEqualTo(-1);
        ops.swiGlu(copy, y, count);
        assertThat(mixed.mismatch(copy)).isEqualTo(-1);
        assertThatThrownBy(() -> ops.copy(scratch.floats(7), x, 8)).hasMessageContaining("copy x");
        assertThatThrownBy(() -> ops.swiGlu(scratch.floats(7), x, y, 8)).hasMessageContaining("swiGlu out");
    }

    /** Many products at once, each on its worker's thread alone, have the bits of products spread over the threads. */
    @Test
    void workersShouldCalculateAlone() {
        int side = 70;
        MemorySegment a = floats(side * side);
        MemorySegment wanted = scratch.floats((long) side * side);
        Gemm.Factor factor = Gemm.Factor.of(a, side);
        ops.gemm(Precision.F32).run(side, side, side, factor, factor, wanted, side, false);
        List<Gemm> own =
                List.of(ops.ofWorker(0).gemm(Precision.F32), ops.ofWorker(1).gemm(Precision.F32));
        int times = 40;
        List<MemorySegment> got = Stream.generate(() -> scratch.floats((long) side * side))
                .limit(times)
                .toList();
        ops.forEach(
                times, (i, worker) -> own.get(worker).run(side, side, side, factor, factor, got.get(i), side, false));
        assertThat(got).allSatisfy(c -> assertThat(c.mismatch(wanted)).isEqualTo(-1));
        assertThat(ops.ofWorker(1).workers()).isEqualTo(1);
    }

    private void check(Tensor w, MemorySegment x, int n, MemorySegment y) {
        for (int t = 0; t < n; t++) {
            for (int r = 0; r < w.rows(); r++) {
                double sum = 0;
                for (int i = 0; i < w.cols(); i++) {
                    sum += (double) Floats.get(w.bytes(), (long) r * w.cols() + i)
                            * Floats.get(x, (long) t * w.cols() + i);
                }
                assertThat((double) Floats.get(y, (long) t * w.rows() + r)).isCloseTo(sum, within(1e-4));
            }
        }
    }

    private Tensor f32(int rows, int cols) {
        return new Tensor(floats(rows * cols), WeightFormats.ALL.make("f32"), rows, cols);
    }

    private MemorySegment floats(int count) {
        MemorySegment s = scratch.floats(count);
        for (int i = 0; i < count; i++) Floats.set(s, i, random.nextFloat() * 2 - 1);
        return s;
    }
}
