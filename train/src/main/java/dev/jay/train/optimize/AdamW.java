// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.GradientKernels;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;

/**
 * Adam with decay beside the gradient (Loshchilov and Hutter 2019): two values a weight, [m][v]. Decays matrices only.
 */
final class AdamW implements Optimizer {
    static final Catalog.Entry<Optimizer> ENTRY = new Catalog.Entry<>(
            "adamw",
            "AdamW; adamw(beta1=0.9,beta2=0.95,eps=1e-8,decay=0.1): two values a weight",
            a -> new AdamW(
                    a.doubleOf("beta1", 0.9),
                    a.doubleOf("beta2", 0.95),
                    a.doubleOf("eps", 1e-8),
                    a.doubleOf("decay", 0.1)));

    private final double beta1;
    private final double beta2;
    private final double eps;
    private final double decay;

    AdamW(double beta1, double beta2, double eps, double decay) {
        if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps > 0 && decay >= 0)) {
            throw new IllegalArgumentException("optimizer adamw: beta1=" + beta1 + ", beta2=" + beta2 + ", eps=" + eps
                    + ", decay=" + decay + ", allowed: betas from 0 to below 1, eps above 0, decay not below 0");
        }
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.eps = eps;
        this.decay = decay;
    }

    @Override
    public long stateBytes(Parameter p) {
        return 8 * p.count();
    }

    @Override
    public void update(Parameter p, MemorySegment state, Scratch scratch, Step step, Ops ops) {
        GradientKernels.Adam by = numbers(step, step.gradient(), keep(p, step), (float) step.rate());
        MemorySegment squares = state.asSlice(4 * p.count());
        ops.gradients().adam(p.value(), p.gradient(), state, squares, by, p.count());
    }

    /** What is left of a parameter's weights after a step's decay. */
    float keep(Parameter p, Step step) {
        return p.isMatrix() ? (float) (1 - step.rate() * decay) : 1;
    }

    /** The step alone, added to zeros. */
    GradientKernels.Adam direction(Step step) {
        return numbers(step, step.gradient(), 0, -1);
    }

    private GradientKernels.Adam numbers(Step step, float scale, float keep, float rate) {
        return new GradientKernels.Adam(
                scale,
                (float) beta1,
                (float) beta2,
                (float) (1 / (1 - Math.pow(beta1, step.number()))),
                (float) (1 / (1 - Math.pow(beta2, step.number()))),
                (float) eps,
                keep,
                rate);
    }
}
