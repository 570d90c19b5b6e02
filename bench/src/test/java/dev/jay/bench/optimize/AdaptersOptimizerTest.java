// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.optimize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Parameter;
import dev.jay.train.optimize.Optimizer;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AdaptersOptimizerTest {
    private static final int ROWS = 24;
    private static final int COLS = 40;
    private static final int RANK = 5;

    /** What is trained is b . a, whatever the gradients; and a sum of squares goes down by it. */
    @Test
    void shouldMoveByTheProductOfItsAdapters() {
        try (Memory memory = Memory.withBudget(16 << 20);
                Workers workers = Workers.of(2);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                Region region = memory.reserve("test", 1 << 20)) {
            Scratch room = new Scratch(region.bytes());
            long count = (long) ROWS * COLS;
            Parameter p = new Parameter("blk.0.w", ROWS, COLS, room.floats(count), room.floats(count));
            Random random = new Random(1);
            float[] start = new float[(int) count];
            for (int i = 0; i < count; i++) start[i] = (float) random.nextGaussian();
            MemorySegment.copy(MemorySegment.ofArray(start), 0, p.value(), 0, 4 * count);
            Optimizer lora = Catalog.of("optimizer", AdaptersOptimizer.ENTRY).make("lora(rank=5,scale=2)");
            MemorySegment state = room.take(lora.stateBytes(p));
            state.fill((byte) 0);
            Scratch scratch = new Scratch(room.take(lora.scratchBytes(p)));
            for (int step = 1; step <= 200; step++) {
                MemorySegment.copy(p.value(), 0, p.gradient(), 0, 4 * count); // of half the sum of squares
                lora.update(p, state, scratch, new Optimizer.Step(step, 0.01, 1), ops);
            }
            long b = Scratch.sizeOf(4L * RANK * COLS) / 4;
            double before = 0;
            double after = 0;
            for (int i = 0; i < count; i++) {
                double moved = 0;
                for (int k = 0; k < RANK; k++) {
                    moved += 2
                            * Floats.get(state, b + (long) (i / COLS) * RANK + k)
                            * Floats.get(state, (long) k * COLS + i % COLS);
                }
                double now = Floats.get(p.value(), i);
                assertThat(now - start[i]).isCloseTo(moved, within(1e-3));
                before += start[i] * start[i];
                after += now * now;
            }
            // The best of rank 5 takes more than 5 of 24 equal parts.
            assertThat(after).isLessThan(0.8 * before);
        }
    }
}
