// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Products of matrices that lie at the very end of their pages: one value read or written past the end ends the JVM. */
class GemmEdgesTest {
    private static final int[][] SHAPES = {
        {1, 1, 1}, {16, 16, 16}, {32, 32, 32}, {33, 17, 65}, {40, 70, 5}, {7, 129, 50}
    };

    @Test
    void shouldTouchNothingPastTheEnd() {
        try (Memory memory = Memory.withBudget(64 << 20);
                Workers workers = Workers.of(1);
                KernelChoice choice = KernelProviders.choose(Cpu.detect(), null, memory);
                CpuOps ops = new CpuOps(memory, workers, choice, 1)) {
            for (Precision precision : Precision.values()) {
                Gemm gemm = ops.gemm(precision);
                for (int[] s : SHAPES) {
                    for (int way = 0; way < 8; way++)
                        run(gemm, s[0], s[1], s[2], way % 2 == 1, way / 2 % 2 == 1, way > 3);
                }
            }
        }
    }

    private static void run(Gemm gemm, int m, int n, int k, boolean aTransposed, boolean bTransposed, boolean add) {
        try (Bed bed = new Bed(WeightFormats.ALL.make("f32"), null, 1, 1, 1)) {
            MemorySegment a = bed.atEnd(4L * m * k, 4);
            MemorySegment b = bed.atEnd(4L * k * n, 4);
            MemorySegment c = bed.atEnd(4L * m * n, 4);
            for (int i = 0; i < m * k; i++) Floats.set(a, i, 1);
            for (int i = 0; i < k * n; i++) Floats.set(b, i, 2);
            for (int i = 0; i < m * n; i++) Floats.set(c, i, 3);
            gemm.run(
                    m,
                    n,
                    k,
                    new Gemm.Factor(a, aTransposed ? m : k, aTransposed),
                    new Gemm.Factor(b, bTransposed ? k : n, bTransposed),
                    c,
                    n,
                    add);
            for (int i = 0; i < m * n; i++) {
                assertThat(Floats.get(c, i)).isCloseTo(2f * k + (add ? 3 : 0), within(1e-4f));
            }
        }
    }
}
