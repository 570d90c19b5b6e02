// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The last norm, the head and the cross-entropy. Rows without a target are left out before anything is multiplied; of
 * the logits only a tile ever exists.
 */
public final class HeadGradient {
    private static final float LEAST_BF16 = 0x1p-12f; // half a step of bf16 by 32 terms
    private static final float LEAST_F32 = 0x1p-28f;

    private final Gemm gemm;
    private final NormGradient norm;
    private final TrainRows head;
    private final HeadLoss loss;
    private final int dim;

    public HeadGradient(Ops ops, Gemm gemm, Precision precision, TrainWeights weights) {
        this.gemm = gemm;
        this.norm = weights.norm("output_norm");
        this.head = weights.head();
        this.dim = weights.spec().dim();
        float least = precision == Precision.BF16 ? LEAST_BF16 : LEAST_F32;
        this.loss = TokenTiles.suit(head)
                ? new TokenTiles(gemm, ops.gradients(), head)
                : new CutCrossEntropy(gemm, ops.gradients(), head, least);
    }

    public long scratchBytes(int rows) {
        long room = Scratch.sizeOf(head.roomBytes(Math.min(CutCrossEntropy.WORDS, head.rows())));
        long ofLogits = Scratch.sizeOf(4L * dim) + Scratch.sizeOf(4L * head.rows()) + room;
        long ofLoss = Scratch.sizeOf(4L * rows * dim) + Math.max(loss.scratchBytes(rows), norm.scratchBytes(rows));
        return Math.max(ofLogits, ofLoss);
    }

    /** Of its products. */
    public Gemm.Room room(int rows) {
        return loss.room(rows).max(gemm.room(1, Math.min(CutCrossEntropy.WORDS, head.rows()), dim));
    }

    /**
     * The sum of -log(probability) of all targets.
     *
     * @param x      spent: what is not left out moves to the front
     * @param dx     set to the gradient of {@code weight} times that sum by x; null if nobody wants gradients
     * @param weight of each target's loss in the gradients
     */
    public double loss(TrainPass pass, MemorySegment x, int[] targets, MemorySegment dx, float weight) {
        int[] rows =
                IntStream.range(0, pass.rows()).filter(t -> targets[t] >= 0).toArray();
        boolean whole = rows.length == pass.rows();
        int[] wanted = whole
                ? Arrays.copyOf(targets, rows.length)
                : Arrays.stream(rows).map(t -> targets[t]).toArray();
        Scratch scratch = pass.scratch();
        long mark = scratch.mark();
        if (!whole) for (int i = 0; i < rows.length; i++) copy(x, rows[i], x, i);
        MemorySegment normed = scratch.floats((long) rows.length * dim);
        norm.forward(x, normed, rows.length);
        double sum = loss.run(normed, dx, wanted, weight, scratch);
        if (dx != null) {
            normed.fill((byte) 0);
            norm.backward(x, dx, normed, rows.length, scratch);
            if (!whole) dx.asSlice(0, 4L * pass.rows() * dim).fill((byte) 0);
            for (int i = 0; i < rows.length; i++) copy(normed, i, dx, rows[i]);
        }
        scratch.release(mark);
        return sum;
    }

    private void copy(MemorySegment from, long row, MemorySegment to, long at) {
        MemorySegment.copy(from, 4 * row * dim, to, 4 * at * dim, 4L * dim);
    }

    /** Of one row of x. */
    public float[] logits(TrainPass pass, MemorySegment x) {
        Scratch scratch = pass.scratch();
        long mark = scratch.mark();
        MemorySegment normed = scratch.floats(dim);
        MemorySegment logits = scratch.floats(head.rows());
        MemorySegment room = scratch.take(head.roomBytes(Math.min(CutCrossEntropy.WORDS, head.rows())));
        norm.forward(x, normed, 1);
        for (int first = 0; first < head.rows(); first += CutCrossEntropy.WORDS) {
            int words = Math.min(CutCrossEntropy.WORDS, head.rows() - first);
            Factor w = Factor.transposed(head.values(first, words, room), dim);
            gemm.run(1, words, dim, Factor.of(normed, dim), w, logits.asSlice(4L * first), words, false);
        }
        float[] all = logits.toArray(JAVA_FLOAT);
        scratch.release(mark);
        return all;
    }
}
