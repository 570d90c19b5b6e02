// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.optimize;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Noise;
import dev.jay.train.block.Parameter;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Optimizers;
import java.lang.foreign.MemorySegment;

/**
 * LoRA of a model that begins at random (Hu and others 2021), to compare with: a matrix within a block stays as it was
 * and b . a is added to it, scaled; a and b are AdamW's. Written as an optimiser of the sum, w, as b's gradient is
 * scale * dw . a' and a's is scale * b' . dw. Remembers [a][b][moments of a][moments of b]; all else goes to AdamW.
 */
final class AdaptersOptimizer implements Optimizer {
    static final Catalog.Entry<Optimizer> ENTRY = new Catalog.Entry<>(
            "lora",
            "adapters of matrices that stay; lora(rank=0,scale=2): rank 0 is a quarter of the width",
            a -> new AdaptersOptimizer(a.intOf("rank", 0), (float) a.doubleOf("scale", 2)));

    private static final long SEED = 0x10FA;

    private final Optimizer adam = Optimizers.ALL.make("adamw");
    private final int rank;
    private final float scale;

    private AdaptersOptimizer(int rank, float scale) {
        if (rank < 0 || !(scale > 0)) {
            throw new IllegalArgumentException("optimizer lora: rank=" + rank + ", scale=" + scale
                    + ", allowed: a rank from 1, or 0 for a quarter; a scale above 0");
        }
        this.rank = rank;
        this.scale = scale;
    }

    private static boolean isFor(Parameter p) {
        return p.isMatrix() && p.name().startsWith("blk.");
    }

    private int rank(Parameter p) {
        int side = Math.min(p.rows(), p.cols());
        return rank == 0 ? Math.max(1, side / 4) : Math.min(rank, side);
    }

    /** Of a and b. */
    private long pairBytes(Parameter p) {
        return Scratch.sizeOf(4L * rank(p) * p.cols()) + Scratch.sizeOf(4L * rank(p) * p.rows());
    }

    @Override
    public long stateBytes(Parameter p) {
        return isFor(p) ? 3 * pairBytes(p) : adam.stateBytes(p);
    }

    @Override
    public long scratchBytes(Parameter p) {
        return isFor(p) ? pairBytes(p) + 2 * Scratch.sizeOf(4 * p.count()) : 0;
    }

    @Override
    public Gemm.Room room(Parameter p, Ops ops) {
        if (!isFor(p)) return Gemm.Room.NONE;
        Gemm gemm = ops.gemm(Precision.F32);
        int r = rank(p);
        return gemm.room(p.rows(), p.cols(), r)
                .max(gemm.room(p.rows(), r, p.cols()))
                .max(gemm.room(r, p.cols(), p.rows()));
    }

    @Override
    public void update(Parameter p, MemorySegment state, Scratch scratch, Step step, Ops ops) {
        if (!isFor(p)) {
            adam.update(p, state, scratch, step, ops);
            return;
        }
        int r = rank(p);
        long mark = scratch.mark();
        Scratch kept = new Scratch(state);
        long ofA = (long) r * p.cols();
        long ofB = (long) r * p.rows();
        Parameter a = new Parameter("a", r, p.cols(), kept.floats(ofA), scratch.floats(ofA));
        Parameter b = new Parameter("b", p.rows(), r, kept.floats(ofB), scratch.floats(ofB));
        if (step.number() == 1) {
            float deviation = (float) (1 / Math.sqrt(p.cols()));
            long stream = Noise.mix(SEED + p.name().hashCode());
            for (long i = 0; i < ofA; i++) Floats.set(a.value(), i, deviation * Noise.normal(stream, i));
        }
        MemorySegment before = scratch.floats(p.count());
        MemorySegment after = scratch.floats(p.count());
        Gemm gemm = ops.gemm(Precision.F32);
        Factor byA = Factor.of(a.value(), p.cols());
        Factor byB = Factor.of(b.value(), r);
        gemm.run(p.rows(), p.cols(), r, byB, byA, before, p.cols(), false);
        Factor gradient = Factor.of(p.gradient(), p.cols());
        Factor aTurned = Factor.transposed(a.value(), p.cols());
        Factor bTurned = Factor.transposed(b.value(), r);
        gemm.run(p.rows(), r, p.cols(), gradient, aTurned, b.gradient(), r, false);
        gemm.run(r, p.cols(), p.rows(), bTurned, gradient, a.gradient(), p.cols(), false);
        Step scaled = new Step(step.number(), step.rate(), step.gradient() * scale);
        adam.update(a, kept.take(2 * Scratch.sizeOf(4 * ofA)), scratch, scaled, ops);
        adam.update(b, kept.take(2 * Scratch.sizeOf(4 * ofB)), scratch, scaled, ops);
        gemm.run(p.rows(), p.cols(), r, byB, byA, after, p.cols(), false);
        ops.gradients().descend(p.value(), before, scale, 1, p.count());
        ops.gradients().descend(p.value(), after, -scale, 1, p.count());
        scratch.release(mark);
    }
}
