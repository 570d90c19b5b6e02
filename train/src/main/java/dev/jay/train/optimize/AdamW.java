// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
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
    public void update(Parameter p, MemorySegment state, Step step, Ops ops) {
        float correct1 = (float) (1 / (1 - Math.pow(beta1, step.number())));
        float correct2 = (float) (1 / (1 - Math.pow(beta2, step.number())));
        float keep = p.isMatrix() ? (float) (1 - step.rate() * decay) : 1;
        float rate = (float) step.rate();
        float scale = step.gradient();
        float b1 = (float) beta1;
        float b2 = (float) beta2;
        float e = (float) eps;
        Ranges.forEach(ops, p.count(), (from, count) -> {
            MemorySegment w = p.value().asSlice(4 * from, 4L * count);
            MemorySegment g = p.gradient().asSlice(4 * from, 4L * count);
            MemorySegment m = state.asSlice(4 * from, 4L * count);
            MemorySegment v = state.asSlice(4 * (p.count() + from), 4L * count);
            for (int i = 0; i < count; i++) {
                float d = scale * g.getAtIndex(JAVA_FLOAT, i);
                float mean = b1 * m.getAtIndex(JAVA_FLOAT, i) + (1 - b1) * d;
                float square = b2 * v.getAtIndex(JAVA_FLOAT, i) + (1 - b2) * d * d;
                m.setAtIndex(JAVA_FLOAT, i, mean);
                v.setAtIndex(JAVA_FLOAT, i, square);
                float by = mean * correct1 / ((float) Math.sqrt(square * correct2) + e);
                w.setAtIndex(JAVA_FLOAT, i, w.getAtIndex(JAVA_FLOAT, i) * keep - rate * by);
            }
        });
    }
}
