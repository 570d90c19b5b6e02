// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.util.List;
import java.util.stream.Stream;

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

    /** The greatest bound of a product in a {@link RandomModel}. */
    double bound(String format, Numerics numerics) {
        WeightFormat weights = WeightFormats.ALL.make(format);
        WeightFormat mixed = WeightFormats.ALL.make("q8_0"); // where a row is no whole number of blocks
        return Stream.of(weights, weights.blockSize() > RandomModel.HEADS * RandomModel.HEAD_DIM ? mixed : weights)
                .flatMap(f -> kernels.matMuls(f, numerics).stream())
                .mapToDouble(from -> from.kernel().bound())
                .reduce(0, Math::max);
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
