// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.TurnKernel;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Rows turned in machine code. */
record MachineTurns(MachineCode.Function code) implements TurnKernel {
    /** The kernel of a shape, made once; empty where there is no code for it, or it is to another format. */
    static Optional<TurnKernel> load(
            MachineCode into, Shape shape, String format, Map<String, TurnKernel> made, Set<String> features) {
        if (!shape.to().name().equals(format) || !TurnCode.fits(shape)) return Optional.empty();
        return Optional.of(made.computeIfAbsent(
                shape.toString(),
                name -> new MachineTurns(into.load("turn-rows-" + name, TurnCode.build(shape, features)))));
    }

    @Override
    public void run(long rows, int n, long bias, long angles, long to) {
        code.call(rows, n, bias, angles, to, 0);
    }
}
