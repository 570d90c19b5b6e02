// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.memory.Memory;
import java.util.Optional;

/** One way to run the hot operations on this machine. A member of {@link KernelProviders#ALL}. */
public interface KernelProvider {
    String name();

    /** Empty if it can run on this CPU; otherwise why not, in words for a log. */
    Optional<String> unavailable(Cpu cpu);

    /**
     * Called once, if available. May fail; then the next provider is taken and the log says why. What it reserves (pages
     * of machine code) is in the books of {@code memory} until the kernels are closed.
     */
    Kernels bind(Cpu cpu, Memory memory);
}
