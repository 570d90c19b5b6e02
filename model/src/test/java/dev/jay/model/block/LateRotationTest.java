// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.model.ModelSpec.Rotary;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.RowKernels;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LateRotationTest {
    private static final int WIDTH = 10;

    @Test
    void shouldTurnEachPairByItsPosition() {
        float[] factors = {1, 2.5f, 8, 0.5f};
        for (Rotary rotary : List.of(
                new Rotary(WIDTH, 1e4, false, new float[0]),
                new Rotary(8, 5e5, true, factors, 1.25f, 0),
                new Rotary(8, 1e4, false, factors),
                new Rotary(2, 1e4, true, new float[0]))) {
            LateRotation late = new LateRotation(rotary, 1000);
            for (int from : new int[] {0, 1, 250, 511, 993}) {
                float[] keys = random(from, 7 * WIDTH);
                float[] got = keys.clone();
                turn(late, got, from, 6); // behind one that stays
                for (int t = 0; t < 6; t++) expect(rotary, from + t, keys, got, (1 + t) * WIDTH);
                for (int i = 0; i < WIDTH; i++) assertThat(got[i]).isEqualTo(keys[i]);
            }
        }
    }

    /** All rows but the first, by the angles it gives. */
    private static void turn(LateRotation late, float[] keys, int from, int count) {
        try (Memory memory = Memory.withBudget(4 << 20);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                Region region = memory.reserve("test", 4096)) {
            RowKernels rows = kernels.rows().kernel();
            Scratch scratch = new Scratch(region.bytes());
            MemorySegment angles = scratch.floats((long) (count + 1) * late.dim());
            MemorySegment there = scratch.floats(keys.length);
            there.copyFrom(MemorySegment.ofArray(keys));
            late.angles(from, count, angles, 0, rows);
            rows.rotateEach(
                    there.address() + 4L * WIDTH, count, WIDTH, late.dim(), angles.address(), late.interleaved());
            MemorySegment.ofArray(keys).copyFrom(there);
        }
    }

    private static float[] random(long seed, int count) {
        Random random = new Random(seed);
        float[] v = new float[count];
        for (int i = 0; i < count; i++) v[i] = (float) random.nextGaussian();
        return v;
    }

    private static void expect(Rotary rotary, int position, float[] keys, float[] got, int at) {
        int pairs = rotary.dim() / 2;
        for (int i = 0; i < pairs; i++) {
            double factor = rotary.factors().length == 0 ? 1 : rotary.factors()[i];
            double angle = position * Math.pow(rotary.base(), -2.0 * i / rotary.dim()) / factor;
            int one = at + (rotary.interleaved() ? 2 * i : i);
            int other = rotary.interleaved() ? one + 1 : one + pairs;
            double cos = rotary.amplitude() * Math.cos(angle);
            double sin = rotary.amplitude() * Math.sin(angle);
            assertThat((double) got[one]).isCloseTo(keys[one] * cos - keys[other] * sin, within(2e-6));
            assertThat((double) got[other]).isCloseTo(keys[one] * sin + keys[other] * cos, within(2e-6));
        }
        for (int i = rotary.dim(); i < WIDTH; i++) assertThat(got[at + i]).isEqualTo(keys[at + i]);
    }

    @Test
    void shouldRejectPositionsThatItWasNotMadeFor() {
        LateRotation late = new LateRotation(new Rotary(WIDTH, 1e4, false, new float[0]), 100);
        MemorySegment angles = MemorySegment.ofArray(new float[3 * WIDTH]);
        assertThatThrownBy(() -> late.angles(99, 2, angles, 0, null))
                .hasMessageContaining("positions=[99, 101), allowed");
    }
}
