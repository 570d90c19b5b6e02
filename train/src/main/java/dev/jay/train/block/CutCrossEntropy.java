// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * Logits of some tokens and some of the vocabulary at a time (cut cross-entropy: Wijmans and others 2024). On the way
 * there a token keeps the log-sum-exp of its logits so far, two numbers; on the way back every tile is made again, and
 * one whose gradients are all too small to count in the products' precision is left out. A third more arithmetic than
 * with whole rows, and beside the rows and their gradients eight bytes a token and one tile. A frozen head is decoded a
 * tile at a time, once for all tokens in either direction.
 *
 * @param least magnitude of a probability's gradient that counts
 */
record CutCrossEntropy(Gemm gemm, GradientOps gradients, TrainRows head, float least) implements HeadLoss {
    static final int TOKENS = 512;
    static final int WORDS = 1024;

    @Override
    public long scratchBytes(int rows) {
        return Scratch.sizeOf(8L * rows) + tileBytes(rows) + Scratch.sizeOf(head.roomBytes(words()));
    }

    @Override
    public Gemm.Room room(int rows) {
        int dim = head.cols();
        int count = Math.min(TOKENS, rows);
        Gemm.Room there = gemm.room(count, words(), dim).max(gemm.room(count, dim, words()));
        return head.gradient() == null ? there : there.max(gemm.room(words(), dim, count));
    }

    private int words() {
        return Math.min(WORDS, head.rows());
    }

    private long tileBytes(int rows) {
        return Scratch.sizeOf(4L * Math.min(TOKENS, rows) * words());
    }

    @Override
    public double run(MemorySegment in, MemorySegment dIn, int[] targets, float weight, Scratch scratch) {
        int n = targets.length;
        long mark = scratch.mark();
        Tiles tiles = new Tiles(
                in, scratch.floats(2L * n), scratch.take(tileBytes(n)), scratch.take(head.roomBytes(words())), targets);
        double sum = tiles.loss();
        if (dIn != null) tiles.gradients(dIn, weight);
        scratch.release(mark);
        return sum;
    }

    private interface Work {
        /** @param w rows [first, first + words) of the head, tokens from {@code from} on */
        void tile(MemorySegment w, int first, int words, int from, int count);
    }

    private final class Tiles {
        private final MemorySegment in;
        private final MemorySegment sums; // [n] pairs (greatest, sum); then [n] log-sum-exp
        private final MemorySegment logits;
        private final MemorySegment room;
        private final int[] targets;

        Tiles(MemorySegment in, MemorySegment sums, MemorySegment logits, MemorySegment room, int[] targets) {
            this.in = in;
            this.sums = sums;
            this.logits = logits;
            this.room = room;
            this.targets = targets;
        }

        private void forEach(Work work) {
            int dim = head.cols();
            for (int first = 0; first < head.rows(); first += WORDS) {
                int words = Math.min(WORDS, head.rows() - first);
                MemorySegment w = head.values(first, words, room);
                for (int from = 0; from < targets.length; from += TOKENS) {
                    int count = Math.min(TOKENS, targets.length - from);
                    Factor x = Factor.of(in.asSlice(4L * from * dim), dim);
                    gemm.run(count, words, dim, x, Factor.transposed(w, dim), logits, words, false);
                    work.tile(w, first, words, from, count);
                }
            }
        }

        double loss() {
            double[] wanted = {0};
            for (int t = 0; t < targets.length; t++) {
                Floats.set(sums, 2L * t, Float.NEGATIVE_INFINITY);
                Floats.set(sums, 2L * t + 1, 0);
            }
            forEach((_, first, words, from, count) -> {
                gradients.logSums(logits, sums.asSlice(8L * from), count, words);
                for (int t = 0; t < count; t++) {
                    int target = targets[from + t] - first;
                    if (target >= 0 && target < words) wanted[0] += Floats.get(logits, (long) t * words + target);
                }
            });
            double all = 0;
            for (int t = 0; t < targets.length; t++) {
                double sum = Floats.get(sums, 2L * t) + Math.log(Floats.get(sums, 2L * t + 1));
                if (targets[t] >= 0) all += sum;
                Floats.set(sums, t, (float) sum);
            }
            return all - wanted[0];
        }

        void gradients(MemorySegment dIn, float weight) {
            int dim = head.cols();
            dIn.asSlice(0, 4L * targets.length * dim).fill((byte) 0);
            forEach((w, first, words, from, count) -> {
                MemorySegment of = sums.asSlice(4L * from);
                float most = gradients.softmaxGradient(logits, of, targets, from, first, weight, count, words);
                if (most < least) return;
                MemorySegment to = dIn.asSlice(4L * from * dim);
                gemm.run(count, dim, words, Factor.of(logits, words), Factor.of(w, dim), to, dim, true);
                if (head.gradient() == null) return;
                Factor x = Factor.of(in.asSlice(4L * from * dim), dim);
                MemorySegment by = head.gradient().asSlice(4L * first * dim);
                gemm.run(words, dim, count, Factor.transposed(logits, words), x, by, dim, true);
            });
        }
    }
}
