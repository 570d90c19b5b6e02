// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * Whole rows of logits, of some tokens at a time; their gradients at once in their place, so nothing is computed twice.
 * A tile takes no more than the head's own weights, or a little where those are few: how large it is depends on the
 * head alone, not on the memory there is, and so do the bits.
 */
record TokenTiles(Gemm gemm, GradientOps gradients, TrainRows head) implements HeadLoss {
    private static final long LITTLE = 8 << 20; // bytes
    private static final int LEAST_TOKENS = 256; // fewer, and packing the head anew costs more than logits made twice
    private static final int MOST_OF_LITTLE = 512;
    private static final int MOST_TOKENS = 1024;

    private static int tile(TrainRows head) {
        int little = (int) Math.min(MOST_OF_LITTLE, LITTLE / (4L * head.rows()));
        return Math.max(little, Math.min(MOST_TOKENS, head.cols())); // a row of logits for each column of the head
    }

    /** Whether a tile of whole rows has tokens enough; frozen rows would be decoded for each of them. */
    static boolean suit(TrainRows head) {
        return head.gradient() != null && tile(head) >= LEAST_TOKENS;
    }

    @Override
    public long scratchBytes(int rows) {
        long tile = Math.min(tile(head), rows);
        return Scratch.sizeOf(4L * tile * head.rows()) + Scratch.sizeOf(4L * tile);
    }

    @Override
    public Gemm.Room room(int rows) {
        int all = head.rows();
        int dim = head.cols();
        int tile = Math.min(tile(head), rows);
        return gemm.room(tile, all, dim).max(gemm.room(tile, dim, all)).max(gemm.room(all, dim, tile));
    }

    @Override
    public double run(MemorySegment in, MemorySegment dIn, int[] targets, float weight, Scratch scratch) {
        int n = targets.length;
        int dim = head.cols();
        int all = head.rows();
        int tile = Math.min(tile(head), n);
        long mark = scratch.mark();
        MemorySegment logits = scratch.floats((long) tile * all);
        MemorySegment losses = scratch.floats(tile);
        MemorySegment w = head.values(0, all, null);
        double sum = 0;
        for (int from = 0; from < n; from += tile) {
            int count = Math.min(tile, n - from);
            Factor x = Factor.of(in.asSlice(4L * from * dim), dim);
            gemm.run(count, all, dim, x, Factor.transposed(w, dim), logits, all, false);
            gradients.crossEntropy(logits, targets, from, losses, dIn == null ? 0 : weight, count, all);
            for (int i = 0; i < count; i++) sum += losses.getAtIndex(JAVA_FLOAT, i);
            if (dIn == null) continue;
            MemorySegment to = dIn.asSlice(4L * from * dim);
            gemm.run(count, dim, all, Factor.of(logits, all), Factor.of(w, dim), to, dim, false);
            gemm.run(all, dim, count, Factor.transposed(logits, all), x, head.gradient(), dim, true);
        }
        scratch.release(mark);
        return sum;
    }
}
