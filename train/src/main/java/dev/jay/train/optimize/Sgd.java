// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;

/** v = momentum * v + g; w -= rate * v. Without momentum it remembers nothing. */
final class Sgd implements Optimizer {
    static final Catalog.Entry<Optimizer> ENTRY = new Catalog.Entry<>(
            "sgd",
            "gradient descent; sgd(momentum=0.9) remembers one value a weight",
            a -> new Sgd(a.doubleOf("momentum", 0)));

    private final float momentum;

    Sgd(double momentum) {
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("optimizer sgd: momentum=" + momentum + ", allowed: from 0 to below 1");
        }
        this.momentum = (float) momentum;
    }

    @Override
    public long stateBytes(Parameter p) {
        return momentum == 0 ? 0 : 4 * p.count();
    }

    @Override
    public void update(Parameter p, MemorySegment state, Scratch scratch, Step step, Ops ops) {
        float rate = (float) step.rate();
        float scale = step.gradient();
        if (momentum == 0) {
            ops.gradients().descend(p.value(), p.gradient(), rate * scale, 1, p.count());
            return;
        }
        Ranges.forEach(ops, p.count(), (from, count) -> {
            MemorySegment w = p.value().asSlice(4 * from, 4L * count);
            MemorySegment g = p.gradient().asSlice(4 * from, 4L * count);
            MemorySegment v = state.asSlice(4 * from, 4L * count);
            for (int i = 0; i < count; i++) {
                float next = momentum * v.getAtIndex(JAVA_FLOAT, i) + scale * g.getAtIndex(JAVA_FLOAT, i);
                v.setAtIndex(JAVA_FLOAT, i, next);
                w.setAtIndex(JAVA_FLOAT, i, w.getAtIndex(JAVA_FLOAT, i) - rate * next);
            }
        });
    }
}
