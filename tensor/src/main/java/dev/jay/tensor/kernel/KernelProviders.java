// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.machine.MachineKernels;
import dev.jay.tensor.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Every way to run the hot operations, best first. To add one: write its file, add its line. */
public final class KernelProviders {
    public static final Catalog<KernelProvider> ALL = Catalog.of(
            "kernel provider",
            MachineKernels.ENTRY,
            VectorProvider.ENTRY,
            ScalarKernels.ENTRY
    );

    private static final System.Logger LOG = System.getLogger(KernelProviders.class.getName());

    private KernelProviders() {}

    /**
     * Binds and tests the providers that can run on this CPU. What the first has no code for falls to the next, down to
     * the scalar definition. The caller closes the choice.
     *
     * @param forced name of the provider to begin with, or null for the best
     * @throws IllegalArgumentException if the forced one is unknown, or cannot run here: the message says why
     */
    public static KernelChoice choose(Cpu cpu, String forced, Memory memory) {
        if (forced != null && !ALL.has(forced)) ALL.make(forced); // unknown: the catalog's own error names the known ones
        List<Kernels> chain = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        boolean begun = forced == null;
        for (Catalog.Entry<? extends KernelProvider> entry : ALL.entries()) {
            boolean wanted = entry.name().equals(forced);
            begun |= wanted;
            if (!begun) {
                reasons.add(entry.name() + ": passed over, " + forced + " was asked for");
                continue;
            }
            Optional<String> refusal = tryBind(ALL.make(entry.name()), cpu, memory, chain);
            reasons.add(entry.name() + ": " + refusal.orElse("in use"));
            if (wanted && refusal.isPresent()) {
                chain.forEach(Kernels::close);
                throw new IllegalArgumentException(
                        "kernel provider cannot be forced: name=" + forced + ": " + refusal.get());
            }
        }
        return new KernelChoice(chain, reasons);
    }

    /** Adds to the chain, or says why not. */
    private static Optional<String> tryBind(
            KernelProvider provider, Cpu cpu, Memory memory, List<Kernels> chain) {
        Optional<String> unavailable = provider.unavailable(cpu);
        if (unavailable.isPresent()) return unavailable;
        Kernels kernels = null;
        try {
            kernels = provider.bind(cpu, memory);
            Optional<String> fault = new SelfTest(kernels, memory).fault();
            if (fault.isEmpty()) {
                chain.add(kernels);
                return Optional.empty();
            }
            LOG.log(System.Logger.Level.WARNING, "kernel provider {0} is not used: {1}", provider.name(), fault.get());
            kernels.close();
            return Optional.of("failed its self-test: " + fault.get());
        } catch (RuntimeException | LinkageError e) {
            LOG.log(System.Logger.Level.WARNING, "kernel provider " + provider.name() + " is not used", e);
            if (kernels != null) kernels.close();
            return Optional.of("failed to start: " + e);
        }
    }
}
