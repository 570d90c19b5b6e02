// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Losses and gradients of a head cut both ways, against whole logits in float64. */
class CutCrossEntropyTest {
    private static final int DIM = 24;
    private static final int WORDS = 2 * CutCrossEntropy.WORDS + 300;
    private static final int TOKENS = CutCrossEntropy.TOKENS + 290; // more than a tile of either cut
    private static final float WEIGHT = 0.5f;

    private final Memory memory = Memory.withBudget(256 << 20);
    private final Workers workers = Workers.of(2);
    private final KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
    private final CpuOps ops = new CpuOps(memory, workers, kernels, 1);
    private Region room;
    private Scratch scratch;
    private MemorySegment in;
    private MemorySegment head;
    private final int[] targets = new int[TOKENS];

    @BeforeEach
    void fill() {
        room = memory.reserve("test", 64 << 20);
        scratch = new Scratch(room.bytes());
        in = scratch.floats((long) TOKENS * DIM);
        head = scratch.floats((long) WORDS * DIM);
        Random random = new Random(7);
        for (int i = 0; i < TOKENS * DIM; i++) Floats.set(in, i, (float) random.nextGaussian());
        for (int i = 0; i < WORDS * DIM; i++) Floats.set(head, i, (float) (0.7 * random.nextGaussian()));
        for (int t = 0; t < TOKENS; t++) targets[t] = t % 7 == 3 ? Batch.IGNORED : random.nextInt(WORDS);
    }

    @AfterEach
    void close() {
        room.close();
        ops.close();
        kernels.close();
        workers.close();
        memory.close();
    }

    private record Rows(int rows, int cols, MemorySegment all, MemorySegment gradient, boolean copied)
            implements TrainRows {
        @Override
        public long roomBytes(int count) {
            return copied ? 4L * count * cols : 0;
        }

        @Override
        public MemorySegment values(int from, int count, MemorySegment room) {
            MemorySegment some = all.asSlice(4L * from * cols, 4L * count * cols);
            return copied ? room.asSlice(0, some.byteSize()).copyFrom(some) : some;
        }
    }

    /** What whole logits in float64 give. */
    private final class Definition {
        final double[][] dIn = new double[TOKENS][DIM];
        final double[][] dHead = new double[WORDS][DIM];
        double loss;

        Definition() {
            for (int t = 0; t < TOKENS; t++) {
                if (targets[t] < 0) continue;
                double[] p = new double[WORDS];
                double sum = 0;
                for (int v = 0; v < WORDS; v++) {
                    for (int i = 0; i < DIM; i++) p[v] += (double) at(in, t, i) * at(head, v, i);
                }
                for (int v = 0; v < WORDS; v++) sum += Math.exp(p[v]);
                loss += Math.log(sum) - p[targets[t]];
                for (int v = 0; v < WORDS; v++) {
                    double g = WEIGHT * (Math.exp(p[v]) / sum - (v == targets[t] ? 1 : 0));
                    for (int i = 0; i < DIM; i++) {
                        dIn[t][i] += g * at(head, v, i);
                        dHead[v][i] += g * at(in, t, i);
                    }
                }
            }
        }
    }

    private static float at(MemorySegment rows, int row, int i) {
        return Floats.get(rows, (long) row * DIM + i);
    }

    private static void hold(MemorySegment got, double[][] wanted) {
        double scale = 0;
        for (double[] row : wanted) for (double v : row) scale = Math.max(scale, Math.abs(v));
        for (int r = 0; r < wanted.length; r++) {
            for (int i = 0; i < DIM; i++) {
                assertThat((double) at(got, r, i)).as("[%d][%d]", r, i).isCloseTo(wanted[r][i], within(1e-4 * scale));
            }
        }
    }

    private void hold(HeadLoss loss, MemorySegment gradient, Definition wanted) {
        MemorySegment dIn = scratch.floats((long) TOKENS * DIM);
        try (Region working = memory.reserve("working", loss.scratchBytes(TOKENS))) { // it takes no more
            Scratch own = new Scratch(working.bytes());
            assertThat(loss.run(in, null, targets, WEIGHT, own)).isCloseTo(wanted.loss, within(1e-5 * wanted.loss));
            if (gradient != null) gradient.fill((byte) 0);
            assertThat(loss.run(in, dIn, targets, WEIGHT, own)).isCloseTo(wanted.loss, within(1e-5 * wanted.loss));
            assertThat(own.mark()).isZero();
        }
        hold(dIn, wanted.dIn);
        if (gradient != null) hold(gradient, wanted.dHead);
    }

    @Test
    void everyCutShouldGiveWhatWholeLogitsGive() {
        Gemm gemm = ops.gemm(Precision.F32);
        MemorySegment gradient = scratch.floats((long) WORDS * DIM);
        Rows trained = new Rows(WORDS, DIM, head, gradient, false);
        Rows frozen = new Rows(WORDS, DIM, head, null, true);
        Definition wanted = new Definition();
        hold(new TokenTiles(gemm, ops.gradients(), trained), gradient, wanted);
        hold(new CutCrossEntropy(gemm, ops.gradients(), trained, 0), gradient, wanted);
        hold(new CutCrossEntropy(gemm, ops.gradients(), trained, 0x1p-28f), gradient, wanted);
        hold(new CutCrossEntropy(gemm, ops.gradients(), frozen, 0), null, wanted);
    }

    /** A model that is sure of its words: most tiles count for nothing, and what is left is what matters. */
    @Test
    void tilesThatDoNotCountShouldBeLeftOut() {
        for (int t = 0; t < TOKENS; t++) {
            if (targets[t] >= 0) targets[t] %= 900; // words of the first tile
            for (int i = 0; i < DIM; i++) {
                float v = targets[t] < 0 ? 0 : 2.5f * at(head, targets[t], i);
                Floats.set(in, (long) t * DIM + i, v);
            }
        }
        for (int i = 900 * DIM; i < WORDS * DIM; i++) Floats.set(head, i, Floats.get(head, i) * 0.1f);
        int[] products = {0};
        Gemm plain = ops.gemm(Precision.F32);
        Gemm counting = new Gemm() {
            @Override
            public Room room(int m, int n, int k) {
                return plain.room(m, n, k);
            }

            @Override
            public void run(int m, int n, int k, Factor a, Factor b, MemorySegment c, long stride, boolean add) {
                products[0]++;
                plain.run(m, n, k, a, b, c, stride, add);
            }
        };
        MemorySegment gradient = scratch.floats((long) WORDS * DIM);
        Rows trained = new Rows(WORDS, DIM, head, gradient, false);
        hold(new CutCrossEntropy(counting, ops.gradients(), trained, 0x1p-12f), gradient, new Definition());
        int tiles = 3 * 2;
        assertThat(products[0]).isBetween(3 * tiles + 2, 3 * tiles + 2 * 2 * 2); // of six tiles at most two count
    }

    /** Beside the rows and their gradients: whole rows of as many tokens as the head is wide, 1024 at most. */
    @Test
    void aLargeVocabularyShouldTakeATileNoLargerThanItsHead() {
        Gemm gemm = ops.gemm(Precision.BF16);
        Rows wide = new Rows(32_000, 1024, head, head, false);
        assertThat(TokenTiles.suit(wide)).isTrue();
        assertThat(new TokenTiles(gemm, ops.gradients(), wide).scratchBytes(2048))
                .isEqualTo(4L * 1024 * 32_000 + 4 * 1024);
        Rows tiny = new Rows(32_000, 384, head, head, false); // 384 tokens: as many bytes as the head
        assertThat(new TokenTiles(gemm, ops.gradients(), tiny).scratchBytes(2048))
                .isEqualTo(4L * 384 * 32_000 + 4 * 384);
        assertThat(TokenTiles.suit(new Rows(4096, 96, head, head, false))).isTrue();
        assertThat(TokenTiles.suit(new Rows(32_000, 255, head, head, false))).isFalse();
        assertThat(TokenTiles.suit(new Rows(4096, 384, head, null, true))).isFalse();
    }

    /** Where a tile of whole rows would be larger than the head, or rows are decoded: eight bytes a token and one tile. */
    @Test
    void aCutVocabularyShouldTakeEightBytesATokenAndATile() {
        Rows narrow = new Rows(32_000, 128, head, head, false);
        CutCrossEntropy cut = new CutCrossEntropy(ops.gemm(Precision.BF16), ops.gradients(), narrow, 0);
        long tile = 4L * CutCrossEntropy.TOKENS * CutCrossEntropy.WORDS;
        assertThat(cut.scratchBytes(2048)).isEqualTo(8 * 2048 + tile);
        assertThat(tile).isEqualTo(2 << 20);
    }
}
