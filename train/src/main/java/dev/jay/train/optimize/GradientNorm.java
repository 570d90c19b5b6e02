// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.train.block.Parameter;
import java.util.List;

/** The Euclidean norm of all gradients together, in float64 and in an order that no thread changes. */
public final class GradientNorm {
    private GradientNorm() {}

    public static double of(List<Parameter> parameters, Ops ops) {
        GradientOps gradients = ops.gradients();
        double sum = 0;
        for (Parameter p : parameters) sum += gradients.squares(p.gradient(), p.count());
        return Math.sqrt(sum);
    }
}
