// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.jay.tensor.kernel.Ops;
import dev.jay.train.block.Parameter;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The Euclidean norm of all gradients together, in float64 and in an order that no thread changes. */
public final class GradientNorm {
    private GradientNorm() {}

    public static double of(List<Parameter> parameters, Ops ops) {
        double sum = 0;
        for (Parameter p : parameters) {
            double[] parts = new double[Ranges.count(p.count())];
            Ranges.forEach(ops, p.count(), (from, count) -> {
                parts[(int) (from / Ranges.SIZE)] = squares(p.gradient().asSlice(4 * from, 4L * count), count);
            });
            for (double part : parts) sum += part;
        }
        return Math.sqrt(sum);
    }

    private static double squares(MemorySegment s, int count) {
        double even = 0;
        double odd = 0;
        int i = 0;
        for (; i + 2 <= count; i += 2) {
            double a = s.getAtIndex(JAVA_FLOAT, i);
            double b = s.getAtIndex(JAVA_FLOAT, i + 1);
            even += a * a;
            odd += b * b;
        }
        if (i < count) even += (double) s.getAtIndex(JAVA_FLOAT, i) * s.getAtIndex(JAVA_FLOAT, i);
        return even + odd;
    }
}
