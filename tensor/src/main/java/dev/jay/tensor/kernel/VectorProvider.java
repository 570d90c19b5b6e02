// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.memory.Memory;
import java.util.Optional;

/** The Vector API, if its module was resolved. Its classes are loaded by name, and only then. */
final class VectorProvider implements KernelProvider {
    static final Catalog.Entry<KernelProvider> ENTRY = new Catalog.Entry<>(
            "vector", "Vector API: float arithmetic straight from the file's bytes", a -> new VectorProvider());

    private static final String KERNELS = "dev.jay.tensor.kernel.vector.VectorKernels";

    @Override
    public String name() {
        return "vector";
    }

    @Override
    public Optional<String> unavailable(Cpu cpu) {
        return cpu.vectorModule()
                ? Optional.empty()
                : Optional.of("needs the module jdk.incubator.vector: start with --add-modules jdk.incubator.vector");
    }

    @Override
    public Kernels bind(Cpu cpu, Memory memory) {
        try {
            return (Kernels) Class.forName(KERNELS).getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot make " + KERNELS + ": " + e, e);
        }
    }
}
