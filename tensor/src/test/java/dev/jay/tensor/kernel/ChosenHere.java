// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Memory;

/** A process of its own that says what runs in it, once the system refuses it what the arguments name. */
final class ChosenHere {
    private ChosenHere() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] refused) {
        for (String name : refused) SystemRefusals.refuse(SystemRefusals.What.of(name));
        WeightFormat q8 = WeightFormats.ALL.make("q8_0");
        WeightFormat f16 = WeightFormats.ALL.make("f16");
        Cpu cpu = Cpu.detect();
        try (Memory memory = Memory.withBudget(16 << 20);
                KernelChoice choice = KernelProviders.choose(cpu, null, memory)) {
            System.out.println("products: " + choice.matMul(q8, Numerics.EXACT).provider());
            System.out.println("attention: "
                    + choice.attention(f16, f16, 64, 64, Numerics.EXACT).provider());
            System.out.println("rows: " + choice.rows().provider());
            System.out.println("gemm: " + choice.gemm(Precision.F32).provider());
            System.out.println("choice: " + choice.describe());
        }
    }
}
