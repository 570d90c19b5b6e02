// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.memory.Memory;

/** What models in tests run on: memory and the best kernels of this machine. */
final class Machine implements AutoCloseable {
    final Memory memory = Memory.withBudget(256 << 20);
    final KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);

    @Override
    public void close() {
        kernels.close();
        memory.close();
    }
}
