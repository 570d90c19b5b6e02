// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import static org.assertj.core.api.Assertions.assertThat;
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
import dev.jay.train.block.Noise;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** GaLore and APOLLO against their formulas in float64, matrices of either longer side. */
class ProjectedOptimizersTest {
    private static final int[][] SHAPES = {{24, 40}, {41, 23}, {32, 32}};
    private static final double RATE = 0.01;
    private static final float CLIPPED = 0.5f;

    /** One matrix, its optimiser and what that remembers. */
    private record Bed(Parameter p, Optimizer optimizer, MemorySegment state, Scratch scratch, CpuOps ops) {
        /** Takes a step and returns by how much each weight went down; a gradient of normal values, so much longer. */
        double[] step(int number, double length) {
            Random random = new Random(number);
            for (int i = 0; i < p.count(); i++) {
                Floats.set(p.gradient(), i, (float) (length * random.nextGaussian() * (1 + i % 7)));
            }
            double[] before = values(p.value(), (int) p.count());
            optimizer.update(p, state, scratch, new Optimizer.Step(number, RATE, CLIPPED), ops);
            double[] after = values(p.value(), (int) p.count());
            return IntStream.range(0, after.length)
                    .mapToDouble(i -> before[i] - after[i])
                    .toArray();
        }
    }

    private interface Check {
        void run(Bed bed);
    }

    private static void with(String optimizer, int[] shape, Check check) {
        try (Memory memory = Memory.withBudget(16 << 20);
                Workers workers = Workers.of(2);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                Region region = memory.reserve("test", 1 << 20)) {
            Scratch room = new Scratch(region.bytes());
            long count = (long) shape[0] * shape[1];
            Parameter p = new Parameter("blk.0.w", shape[0], shape[1], room.floats(count), room.floats(count));
            p.value().fill((byte) 0);
            Optimizer made = Optimizers.ALL.make(optimizer);
            MemorySegment state = room.take(made.stateBytes(p));
            state.fill((byte) 0);
            check.run(new Bed(p, made, state, new Scratch(room.take(made.scratchBytes(p))), ops));
        }
    }

    private static double[] values(MemorySegment s, int count) {
        return IntStream.range(0, count).mapToDouble(i -> Floats.get(s, i)).toArray();
    }

    private static double length(double[] values) {
        return Math.sqrt(IntStream.range(0, values.length)
                .mapToDouble(i -> values[i] * values[i])
                .sum());
    }

    /** Values of p . g, or of g . p', by channel: the index along the longer side, then that of the rank. */
    private static double[][] projected(Projection by, double[] basis, double[] g) {
        double[][] r = new double[by.other()][by.rank()];
        for (int c = 0; c < by.other(); c++) {
            for (int k = 0; k < by.rank(); k++) {
                for (int i = 0; i < by.side(); i++) r[c][k] += basis[k * by.side() + i] * g[at(by, c, i)];
            }
        }
        return r;
    }

    private static int at(Projection by, int channel, int i) {
        return by.isLeft() ? i * by.cols() + channel : channel * by.cols() + i;
    }

    /** Adam's step, and its moments on. */
    private static double[] adam(double[] r, double[] m, double[] v, int number) {
        double[] step = new double[r.length];
        for (int k = 0; k < r.length; k++) {
            double d = CLIPPED * r[k];
            m[k] = 0.9 * m[k] + 0.1 * d;
            v[k] = 0.95 * v[k] + 0.05 * d * d;
            double of = Math.sqrt(v[k] / (1 - Math.pow(0.95, number))) + 1e-8;
            step[k] = m[k] / (1 - Math.pow(0.9, number)) / of;
        }
        return step;
    }

    @Test
    void apolloShouldScaleChannelsAsAdamScalesTheirProjection() {
        for (int[] shape : SHAPES) follow("apollo(rank=5,scale=2,decay=0,gap=3)", shape, 5, false);
    }

    @Test
    void apolloMiniShouldScaleTheWholeAsAdamScalesOneRow() {
        for (int[] shape : SHAPES) follow("apollo-mini(scale=2,decay=0,gap=3)", shape, 1, true);
    }

    private static void follow(String name, int[] shape, int rank, boolean whole) {
        with(name, shape, bed -> {
            Projection by = new Projection(shape[0], shape[1], rank);
            double[][] m = new double[by.other()][rank];
            double[][] v = new double[by.other()][rank];
            double before = 0;
            long stream = Noise.mix(0xA9011 + "blk.0.w".hashCode());
            for (int number = 1; number <= 8; number++) {
                double[] moved = bed.step(number, number == 5 ? 30 : 1);
                double[] g = values(bed.p.gradient(), (int) bed.p.count());
                MemorySegment basis = MemorySegment.ofArray(new float[rank * by.side()]);
                by.fillRandom(basis, stream + (number - 1) / 3, bed.ops);
                double[][] r = projected(by, values(basis, rank * by.side()), g);
                double[] steps = new double[by.other()];
                double[] lengths = new double[by.other()];
                for (int c = 0; c < by.other(); c++) {
                    steps[c] = length(adam(r[c], m[c], v[c], number));
                    lengths[c] = length(r[c]);
                }
                double all = length(steps) / length(lengths);
                double[] wanted = new double[g.length];
                for (int c = 0; c < by.other(); c++) {
                    double factor = whole ? all : steps[c] / lengths[c];
                    for (int i = 0; i < by.side(); i++) wanted[at(by, c, i)] = factor * g[at(by, c, i)];
                }
                double norm = length(wanted);
                double limit = number > 1 ? Math.min(1, 1.01 * before / norm) : 1;
                before = limit * norm;
                double times = RATE * 2 * Math.sqrt((double) by.side() / rank) * limit;
                for (int i = 0; i < wanted.length; i++) {
                    double exact = times * wanted[i]; // its factor is of a projection in bf16
                    assertThat(moved[i])
                            .as("%s, step %d", name, number)
                            .isCloseTo(exact, within(2e-4 + 0.01 * Math.abs(exact)));
                }
            }
        });
    }

    @Test
    void galoreShouldBeAdamInTheSpaceItKeeps() {
        for (int[] shape : SHAPES) followInSpace(shape, 0);
    }

    /** What lies outside of the space goes down as well, a channel by as much of it as Adam moved it inside. */
    @Test
    void galoreShouldScaleTheRestAsAdamScalesTheSpace() {
        for (int[] shape : SHAPES) {
            followInSpace(shape, 1);
            followInSpace(shape, 0.5);
        }
    }

    private static void followInSpace(int[] shape, double rest) {
        with("galore(rank=5,scale=2,decay=0,gap=3,rest=" + rest + ")", shape, bed -> {
            Projection by = new Projection(shape[0], shape[1], 5);
            double[][] m = new double[by.other()][5];
            double[][] v = new double[by.other()][5];
            for (int number = 1; number <= 8; number++) {
                double[] moved = bed.step(number, 1);
                double[] g = values(bed.p.gradient(), (int) bed.p.count());
                double[] basis = values(bed.state, 5 * by.side());
                double[][] r = projected(by, basis, g);
                double times = RATE * 2 * Math.sqrt(by.side() / 5.0);
                for (int c = 0; c < by.other(); c++) {
                    double[] step = adam(r[c], m[c], v[c], number);
                    double factor = rest * length(step) / length(r[c]);
                    for (int i = 0; i < by.side(); i++) {
                        double inside = 0;
                        double wanted = factor * g[at(by, c, i)];
                        for (int k = 0; k < 5; k++) {
                            inside += basis[k * by.side() + i] * r[c][k];
                            wanted += basis[k * by.side() + i] * step[k];
                        }
                        assertThat(moved[at(by, c, i)])
                                .as("rest %s, step %d", rest, number)
                                .isCloseTo(times * (wanted - factor * inside), within(4e-4));
                    }
                }
            }
        });
    }

    /** Of a matrix's state beside AdamW's: (2 r max(m, n) + r min(m, n)) / (2 m n), and 2 r max(m, n) of 2 m n. */
    @Test
    void stateShouldBeWhatTheFormulasSay() {
        for (int[] shape : new int[][] {{256, 256}, {688, 256}, {128, 256}}) {
            MemorySegment none = MemorySegment.NULL;
            Parameter p = new Parameter("blk.0.w", shape[0], shape[1], none, none);
            int most = Math.max(shape[0], shape[1]);
            int least = Math.min(shape[0], shape[1]);
            long adam = Optimizers.ALL.make("adamw").stateBytes(p);
            for (int rank : new int[] {1, 16, least / 8, least / 4}) {
                long galore = Optimizers.ALL.make("galore(rank=" + rank + ")").stateBytes(p);
                long apollo = Optimizers.ALL.make("apollo(rank=" + rank + ")").stateBytes(p);
                assertThat(galore * 2 * p.count()).isEqualTo(adam * (2L * rank * most + (long) rank * least));
                assertThat((apollo - 64) * 2 * p.count()).isEqualTo(adam * 2 * rank * most); // and a norm
            }
            assertThat(Optimizers.ALL.make("galore").stateBytes(p))
                    .isEqualTo(Optimizers.ALL
                            .make("galore(rank=" + least / 4 + ")")
                            .stateBytes(p));
        }
    }

    /** So that a rate which AdamW is good with serves them too, of whatever rank. */
    @Test
    void firstStepShouldBeAsLongAsAdams() {
        int[] shape = {96, 128};
        double wanted = RATE * Math.sqrt(96 * 128);
        for (String name : new String[] {"galore(rest=0", "galore(rest=0,rank=12", "apollo(rank=0", "apollo(rank=12"}) {
            with(
                    name + ",scale=1)",
                    shape,
                    bed -> assertThat(length(bed.step(1, 1))).as(name).isBetween(0.8 * wanted, 1.25 * wanted));
        }
        with(
                "galore(scale=1)",
                shape,
                bed -> assertThat(length(bed.step(1, 1)))
                        .as("a gradient without directions of its own has the most outside")
                        .isBetween(wanted, 2 * wanted));
        with("adamw", shape, bed -> assertThat(length(bed.step(1, 1))).isCloseTo(wanted, within(1e-3)));
        with(
                "apollo-mini(scale=1)",
                shape,
                bed -> assertThat(length(bed.step(1, 1))).isBetween(0.5 * wanted, 2 * wanted));
    }
}
