// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * The last norm, the head and the cross-entropy, cut (as in CCE, Apple 2024): of the logits only those of some tokens
 * ever exist, and their gradients at once in their place.
 */
public final class HeadGradient {
    private static final long TILE_BYTES = 8 << 20; // of logits
    private static final int MOST_TOKENS = 512;
    private static final int GROUP = 64; // tokens of a tile are a multiple of it, if they can be

    private final GradientOps gradients;
    private final Gemm gemm;
    private final ModelSpec spec;
    private final Parameter head;
    private final NormGradient norm;
    private final int tile;

    public HeadGradient(Ops ops, Gemm gemm, Parameters parameters) {
        this.gradients = ops.gradients();
        this.gemm = gemm;
        this.spec = parameters.spec();
        this.head = parameters.head();
        this.norm = new NormGradient(ops, parameters.get("output_norm.weight"), spec.normEps());
        long tokens = TILE_BYTES / (4L * spec.vocabulary());
        this.tile = Math.clamp(tokens / GROUP * GROUP, GROUP, MOST_TOKENS);
    }

    public long scratchBytes(int rows) {
        return 2 * Scratch.sizeOf(4L * rows * spec.dim())
                + Scratch.sizeOf(4L * Math.min(tile, rows) * spec.vocabulary())
                + Scratch.sizeOf(4L * Math.min(tile, rows))
                + norm.scratchBytes(rows);
    }

    /**
     * The sum of -log(probability) of all targets.
     *
     * @param dx     set to the gradient of {@code weight} times that sum by x; null if nobody wants gradients
     * @param weight of each target's loss in the gradients
     */
    public double loss(TrainPass pass, MemorySegment x, int[] targets, MemorySegment dx, float weight) {
        int n = pass.rows();
        int dim = spec.dim();
        Scratch scratch = pass.scratch();
        long mark = scratch.mark();
        MemorySegment normed = pass.floats(dim);
        MemorySegment dNormed = dx == null ? null : pass.floats(dim);
        MemorySegment logits = scratch.floats((long) Math.min(tile, n) * spec.vocabulary());
        MemorySegment losses = scratch.floats(Math.min(tile, n));
        norm.forward(x, normed, n);
        double sum = 0;
        for (int from = 0; from < n; from += tile) {
            int count = Math.min(tile, n - from);
            Factor in = Factor.of(normed.asSlice(4L * from * dim), dim);
            gemm.run(count, head.rows(), dim, in, Factor.transposed(head.value(), dim), logits, head.rows(), false);
            gradients.crossEntropy(logits, targets, from, losses, dx == null ? 0 : weight, count, head.rows());
            for (int i = 0; i < count; i++) sum += losses.getAtIndex(JAVA_FLOAT, i);
            if (dx == null) continue;
            Factor d = Factor.of(logits, head.rows());
            MemorySegment to = dNormed.asSlice(4L * from * dim);
            gemm.run(count, dim, head.rows(), d, Factor.of(head.value(), dim), to, dim, false);
            Factor across = Factor.transposed(logits, head.rows());
            gemm.run(head.rows(), dim, count, across, in, head.gradient(), dim, true);
        }
        if (dx != null) {
            dx.asSlice(0, 4L * n * dim).fill((byte) 0);
            norm.backward(x, dNormed, dx, n, scratch);
        }
        scratch.release(mark);
        return sum;
    }

    /** Of one row of x. */
    public float[] logits(TrainPass pass, MemorySegment x) {
        int dim = spec.dim();
        long mark = pass.scratch().mark();
        MemorySegment normed = pass.scratch().floats(dim);
        MemorySegment logits = pass.scratch().floats(head.rows());
        norm.forward(x, normed, 1);
        gemm.run(
                1,
                head.rows(),
                dim,
                Factor.of(normed, dim),
                Factor.transposed(head.value(), dim),
                logits,
                head.rows(),
                false);
        float[] all = logits.toArray(JAVA_FLOAT);
        pass.scratch().release(mark);
        return all;
    }
}
