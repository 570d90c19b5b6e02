// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.memory.Memory;
import java.util.List;

/** What models in tests run on: memory, and the best kernels of this machine or those of a provider. */
final class Machine implements AutoCloseable {
    final Memory memory = Memory.withBudget(256 << 20);
    final KernelChoice kernels;

    Machine() {
        this(null);
    }

    /** @param provider null for the best */
    Machine(String provider) {
        kernels = KernelProviders.choose(Cpu.detect(), provider, memory);
    }

    /** The providers that can run here, best first. */
    static List<String> providers() {
        Cpu cpu = Cpu.detect();
        return KernelProviders.ALL.names().stream()
                .filter(name -> SystemRefusals.runs(KernelProviders.ALL.make(name), cpu))
                .toList();
    }

    @Override
    public void close() {
        kernels.close();
        memory.close();
    }
}
