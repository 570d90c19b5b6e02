// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.asm.CodePages;
import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.avx2.Avx2Kernels;
import dev.jay.tensor.kernel.machine.AmxKernels;
import dev.jay.tensor.kernel.machine.MachineKernels;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Every way to run the hot operations, best first. To add one: write its file, add its line. */
public final class KernelProviders {
    public static final Catalog<KernelProvider> ALL = Catalog.of(
            "kernel provider",
            AmxKernels.ENTRY,
            MachineKernels.ENTRY,
            Avx2Kernels.ENTRY,
            VectorProvider.ENTRY,
            ScalarKernels.ENTRY);

    private KernelProviders() {}

    /** Links what calls into machine code, which takes milliseconds: for whoever has time before the first kernel. */
    public static void linkAhead() {
        MachineCode.linkAhead();
    }

    /** Those that can run on this CPU, best first, unless the system refuses them something when they start. */
    public static List<String> names(Cpu cpu) {
        return ALL.names().stream()
                .filter(name -> ALL.make(name).unavailable(cpu).isEmpty())
                .toList();
    }

    /**
     * The providers that can run on this CPU. Each is bound when it is first asked for a kernel, and each kernel is
     * tested before it is used; what the first has no code for, or wrong code, falls to the next, down to the scalar
     * definition. The caller closes the choice.
     *
     * @param forced name of the provider to begin with, or null for the best; it is bound at once, and a kernel of it
     *               that fails its test is an error when it is asked for
     * @throws IllegalArgumentException if the forced one is unknown, or cannot run here: the message says why
     */
    public static KernelChoice choose(Cpu cpu, String forced, Memory memory) {
        return choose(cpu, forced, memory, CodePages.ofThisSystem());
    }

    /**
     * As {@link #choose(Cpu, String, Memory)}, and for debugging the names and places of functions in machine code are
     * written to a file, as Linux perf reads them from {@code /tmp/perf-PID.map}. A file that is there is replaced.
     *
     * @throws IOException if it cannot be written
     */
    public static KernelChoice choose(Cpu cpu, String forced, Memory memory, Path perfMap) throws IOException {
        return choose(cpu, forced, memory, CodePages.ofThisSystem().withPerfMap(perfMap));
    }

    static KernelChoice choose(Cpu cpu, String forced, Memory memory, CodePages pages) {
        if (forced != null && !ALL.has(forced))
            ALL.make(forced); // unknown: the catalog's own error names the known ones
        List<TriedKernels> chain = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        boolean begun = forced == null;
        for (Catalog.Entry<? extends KernelProvider> entry : ALL.entries()) {
            boolean wanted = entry.name().equals(forced);
            begun |= wanted;
            if (!begun) {
                refused.add(entry.name() + ": passed over, " + forced + " was asked for");
                continue;
            }
            KernelProvider provider = ALL.make(entry.name());
            Optional<String> unavailable = provider.unavailable(cpu);
            if (wanted && unavailable.isPresent()) {
                throw new IllegalArgumentException("kernel provider cannot be forced: name=" + forced + ": "
                        + unavailable.get() + "; allowed here: " + String.join(", ", names(cpu)));
            }
            TriedKernels kernels = new TriedKernels(provider, cpu, memory, pages, wanted);
            if (wanted) kernels.start();
            unavailable.ifPresentOrElse(why -> refused.add(entry.name() + ": " + why), () -> chain.add(kernels));
        }
        return new KernelChoice(chain, refused);
    }
}
