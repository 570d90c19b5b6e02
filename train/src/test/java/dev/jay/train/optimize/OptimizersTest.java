// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Optimisers against their formulas in float64, schedules against their corners. */
class OptimizersTest {
    private static final int ROWS = 300;
    private static final int COLS = 301; // more than one range, and no whole number of anything

    private interface Check {
        void run(Parameter p, CpuOps ops, Scratch room);
    }

    private static void with(Check check) {
        try (Memory memory = Memory.withBudget(64 << 20);
                Workers workers = Workers.of(2);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                Region region = memory.reserve("test", 16 << 20)) {
            Scratch room = new Scratch(region.bytes());
            Parameter p =
                    new Parameter("w", ROWS, COLS, room.floats((long) ROWS * COLS), room.floats((long) ROWS * COLS));
            Random random = new Random(1);
            for (int i = 0; i < p.count(); i++) Floats.set(p.value(), i, (float) random.nextGaussian());
            check.run(p, ops, room);
        }
    }

    @Test
    void adamWShouldFollowItsFormula() {
        with((p, ops, room) -> {
            Optimizer adam = Optimizers.ALL.make("adamw(beta1=0.8,beta2=0.9,eps=1e-6,decay=0.2)");
            MemorySegment state = room.take(adam.stateBytes(p));
            state.fill((byte) 0);
            int n = (int) p.count();
            double[] w = IntStream.range(0, n)
                    .mapToDouble(i -> Floats.get(p.value(), i))
                    .toArray();
            double[] m = new double[n];
            double[] v = new double[n];
            Random random = new Random(2);
            for (int step = 1; step <= 5; step++) {
                for (int i = 0; i < n; i++) {
                    float g = (float) random.nextGaussian();
                    Floats.set(p.gradient(), i, g);
                    double d = 0.5 * g;
                    m[i] = 0.8 * m[i] + 0.2 * d;
                    v[i] = 0.9 * v[i] + 0.1 * d * d;
                    double by = m[i] / (1 - Math.pow(0.8, step)) / (Math.sqrt(v[i] / (1 - Math.pow(0.9, step))) + 1e-6);
                    w[i] = w[i] * (1 - 0.01 * 0.2) - 0.01 * by;
                }
                adam.update(p, state, room, new Optimizer.Step(step, 0.01, 0.5f), ops);
            }
            for (int i = 0; i < n; i++) {
                assertThat((double) Floats.get(p.value(), i)).isCloseTo(w[i], within(2e-5));
            }
        });
    }

    @Test
    void sgdShouldFollowItsFormula() {
        for (double momentum : new double[] {0, 0.9}) {
            with((p, ops, room) -> {
                Optimizer sgd = Optimizers.ALL.make("sgd(momentum=" + momentum + ")");
                MemorySegment state = room.take(sgd.stateBytes(p));
                state.fill((byte) 0);
                double start = Floats.get(p.value(), 90_000);
                Floats.set(p.gradient(), 90_000, 2);
                sgd.update(p, state, room, new Optimizer.Step(1, 0.1, 0.5f), ops);
                sgd.update(p, state, room, new Optimizer.Step(2, 0.1, 0.5f), ops);
                double wanted = start - 0.1 - 0.1 * (1 + momentum);
                assertThat((double) Floats.get(p.value(), 90_000)).isCloseTo(wanted, within(1e-6));
            });
        }
    }

    @Test
    void schedulesShouldWarmUpAndComeDown() {
        Schedule cosine = Schedules.ALL.make("cosine(warmup=0.1,floor=0.2)");
        assertThat(cosine.at(5, 100)).isCloseTo(0.5, within(1e-9));
        assertThat(cosine.at(10, 100)).isCloseTo(1, within(1e-9));
        assertThat(cosine.at(55, 100)).isCloseTo(0.6, within(1e-9));
        assertThat(cosine.at(100, 100)).isCloseTo(0.2, within(1e-9));
        Schedule wsd = Schedules.ALL.make("wsd(warmup=0.1,decay=0.2)");
        assertThat(wsd.at(1, 100)).isCloseTo(0.1, within(1e-9));
        assertThat(wsd.at(80, 100)).isCloseTo(1, within(1e-9));
        assertThat(wsd.at(90, 100)).isCloseTo(0.5, within(1e-9));
        assertThat(wsd.at(100, 100)).isZero();
        assertThat(Schedules.ALL.make("constant(warmup=0)").at(1, 100)).isEqualTo(1);
        for (String name : Schedules.ALL.names()) {
            for (int step = 1; step <= 50; step++) {
                assertThat(Schedules.ALL.make(name).at(step, 50)).as(name).isBetween(0.0, 1.0);
            }
        }
    }

    @Test
    void shouldRejectWhatMakesNoSense() {
        assertThatThrownBy(() -> Optimizers.ALL.make("adamw(beta1=1)")).hasMessageContaining("beta1=1.0");
        assertThatThrownBy(() -> Optimizers.ALL.make("sgd(momentum=-1)")).hasMessageContaining("momentum=-1.0");
        assertThatThrownBy(() -> Schedules.ALL.make("wsd(decay=2)")).hasMessageContaining("decay=2.0");
        assertThatThrownBy(() -> Optimizers.ALL.make("lion"))
                .hasMessageContaining("known=[adamw, sgd, galore, apollo, apollo-mini]");
    }
}
