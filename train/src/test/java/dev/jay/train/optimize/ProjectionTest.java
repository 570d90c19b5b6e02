// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Subspaces and what is stepped within them, for matrices that are wide and that are tall. */
class ProjectionTest {
    private static final int[][] SHAPES = {{24, 40}, {40, 24}, {17, 17}};

    private interface Check {
        void run(Parameter p, CpuOps ops, Scratch room);
    }

    private static void with(int[] shape, Check check) {
        try (Memory memory = Memory.withBudget(64 << 20);
                Workers workers = Workers.of(2);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                Region region = memory.reserve("test", 1 << 20)) {
            Scratch room = new Scratch(region.bytes());
            long n = (long) shape[0] * shape[1];
            check.run(new Parameter("blk.0.w", shape[0], shape[1], room.floats(n), room.floats(n)), ops, room);
        }
    }

    /** A gradient of so low a rank. */
    private static void fill(Parameter p, int rank) {
        Random random = new Random(3);
        for (int k = 0; k < rank; k++) {
            double[] left = random.doubles(p.rows(), -1, 1).toArray();
            double[] right = random.doubles(p.cols(), -1, 1).toArray();
            for (int i = 0; i < p.count(); i++) {
                double before = k == 0 ? 0 : Floats.get(p.gradient(), i);
                Floats.set(p.gradient(), i, (float) (before + left[i / p.cols()] * right[i % p.cols()]));
            }
        }
    }

    /** Nothing is lost of a gradient whose rank is not above the projection's; of any other the most is kept. */
    @Test
    void aSubspaceShouldHoldTheGradient() {
        for (int[] shape : SHAPES) {
            with(shape, (p, ops, room) -> {
                Projection by = Projection.of(p, 5);
                MemorySegment basis = room.floats((long) by.rank() * by.side());
                MemorySegment r = room.floats(by.count());
                MemorySegment back = room.floats(p.count());
                for (int rank : new int[] {1, 3, 5}) {
                    fill(p, rank);
                    by.fillSubspace(basis, p.gradient(), 7, room, ops);
                    by.project(basis, p.gradient(), r, Precision.F32, ops);
                    by.back(basis, r, back, ops);
                    for (int i = 0; i < p.count(); i++) {
                        assertThat(Floats.get(back, i)).isCloseTo(Floats.get(p.gradient(), i), within(2e-4f));
                    }
                }
                fill(p, 17);
                by.fillSubspace(basis, p.gradient(), 7, room, ops);
                for (int i = 0; i < by.rank(); i++) {
                    for (int j = 0; j <= i; j++) {
                        double dot = 0;
                        for (int c = 0; c < by.side(); c++) {
                            dot += Floats.get(basis, (long) i * by.side() + c)
                                    * Floats.get(basis, (long) j * by.side() + c);
                        }
                        assertThat(dot).isCloseTo(i == j ? 1 : 0, within(1e-5));
                    }
                }
                by.project(basis, p.gradient(), r, Precision.F32, ops);
                double kept = squares(r, by.count()) / squares(p.gradient(), p.count());
                by.fillRandom(basis, 7, ops);
                assertThat(kept).isBetween(2.0 * by.rank() / by.side() * 0.8, 1.0);
            });
        }
    }

    private static double squares(MemorySegment s, long count) {
        double sum = 0;
        for (long i = 0; i < count; i++) sum += (double) Floats.get(s, i) * Floats.get(s, i);
        return sum;
    }

    /** A random projection keeps lengths, in the mean. */
    @Test
    void randomRowsShouldKeepLengths() {
        for (int[] shape : SHAPES) {
            with(shape, (p, ops, room) -> {
                fill(p, 17);
                Projection by = Projection.of(p, 12);
                MemorySegment basis = room.floats((long) by.rank() * by.side());
                MemorySegment r = room.floats(by.count());
                double mean = 0;
                for (int stream = 0; stream < 200; stream++) {
                    by.fillRandom(basis, stream * 77L, ops);
                    by.project(basis, p.gradient(), r, Precision.F32, ops);
                    mean += squares(r, by.count()) / squares(p.gradient(), p.count()) / 200;
                }
                assertThat(mean).isCloseTo(1, within(0.1));
            });
        }
    }

    private static double[] step(Optimizer by, Parameter p, MemorySegment state, Scratch room, CpuOps ops, int number) {
        double[] before = new double[(int) p.count()];
        for (int i = 0; i < before.length; i++) before[i] = Floats.get(p.value(), i);
        by.update(p, state, room, new Optimizer.Step(number, 0.1, 0.5f), ops);
        for (int i = 0; i < before.length; i++) before[i] = Floats.get(p.value(), i) - before[i];
        return before;
    }

    /**
     * In the first step Adam's direction is a sign for each value: so a channel of APOLLO moves against its gradient, by
     * rate * root(rank) / |projection of the channel| times it, and the whole tensor so where there is one factor.
     */
    @Test
    void apolloShouldMoveChannelsAgainstTheirGradient() {
        for (int[] shape : SHAPES) {
            for (String name : new String[] {"apollo(rank=4,decay=0)", "apollo-mini(decay=0)"}) {
                with(shape, (p, ops, room) -> {
                    fill(p, 9);
                    boolean left = p.rows() <= p.cols();
                    Optimizer apollo = Optimizers.ALL.make(name);
                    MemorySegment state = room.take(apollo.stateBytes(p));
                    state.fill((byte) 0);
                    double[] moved = step(apollo, p, state, room, ops, 1);
                    double[] factors = new double[left ? p.cols() : p.rows()];
                    for (int i = 0; i < moved.length; i++) {
                        double factor = moved[i] / -Floats.get(p.gradient(), i);
                        int channel = left ? i % p.cols() : i / p.cols();
                        if (factors[channel] == 0) factors[channel] = factor;
                        assertThat(factor).isPositive().isCloseTo(factors[channel], within(2e-3 * factors[channel]));
                    }
                    boolean one = name.startsWith("apollo-mini");
                    for (double f : factors) {
                        if (one) assertThat(f).isCloseTo(factors[0], within(2e-3 * f));
                    }
                    if (!one) assertThat(factors[0]).isNotCloseTo(factors[1], within(1e-3 * factors[1]));
                    state.fill((byte) 0);
                    for (int i = 0; i < p.count(); i++) {
                        if ((left ? i % p.cols() : i / p.cols()) > 0) Floats.set(p.gradient(), i, 0);
                    }
                    double before = norm(step(apollo, p, state, room, ops, 1));
                    fill(p, 9);
                    assertThat(norm(step(apollo, p, state, room, ops, 2)))
                            .as("a step grows by a hundredth at most")
                            .isLessThan(1.012 * before);
                });
            }
        }
    }

    private static double norm(double[] values) {
        double sum = 0;
        for (double v : values) sum += v * v;
        return Math.sqrt(sum);
    }

    /** Every step of GaLore lies in the space of its gradient, and goes downhill. */
    @Test
    void galoreShouldStepWithinTheGradientsSpace() {
        for (int[] shape : SHAPES) {
            with(shape, (p, ops, room) -> {
                fill(p, 1);
                Optimizer galore = Optimizers.ALL.make("galore(rank=3,decay=0)");
                MemorySegment state = room.take(galore.stateBytes(p));
                state.fill((byte) 0);
                double[] moved = step(galore, p, state, room, ops, 1);
                double along = 0;
                for (int i = 0; i < moved.length; i++) along += moved[i] * Floats.get(p.gradient(), i);
                assertThat(along).isNegative();
                boolean wide = p.rows() <= p.cols();
                int other = wide ? p.cols() : p.rows();
                for (int c = 1; c < other; c++) { // of rank one: channels are multiples of one another
                    int a = wide ? c : c * p.cols();
                    int nextOfFirst = wide ? p.cols() : 1;
                    double cross = moved[0] * moved[a + nextOfFirst] - moved[a] * moved[nextOfFirst];
                    assertThat(cross).isCloseTo(0, within(1e-6));
                }
            });
        }
    }
}
