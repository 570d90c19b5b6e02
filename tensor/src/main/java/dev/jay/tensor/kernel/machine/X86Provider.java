// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.CodePages;
import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.asm.x86.CpuId;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelProvider;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.memory.HugePages;
import dev.jay.tensor.memory.Memory;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Kernels in x86-64 machine code, for CPUs with some features. */
public abstract class X86Provider implements KernelProvider {
    private final String name;
    private final Set<String> needed;
    private final long codeBytes;

    /** @param codeBytes for all its functions; pages are taken from the system as they are written */
    protected X86Provider(String name, Set<String> needed, long codeBytes) {
        this.name = name;
        this.needed = needed;
        this.codeBytes = codeBytes;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public Optional<String> unavailable(Cpu cpu) {
        Set<String> missing = new TreeSet<>(needed);
        missing.removeAll(cpu.features());
        if (!missing.isEmpty()) return Optional.of("the CPU lacks " + String.join(" ", missing));
        return CpuId.isX86() ? Optional.empty() : Optional.of("this process does not run x86-64 code");
    }

    @Override
    public final Kernels bind(Cpu cpu, Memory memory) {
        return bind(cpu, memory, CodePages.ofThisSystem());
    }

    /** As {@link #bind(Cpu, Memory)}, with pages from elsewhere. */
    public final Kernels bind(Cpu cpu, Memory memory, CodePages pages) {
        MachineCode code = MachineCode.reserve(memory, codeBytes, pages);
        try {
            CpuId.require(features(cpu), code, memory);
            return bind(cpu, code, memory.hugePages());
        } catch (RuntimeException | LinkageError e) {
            code.close();
            throw e;
        }
    }

    /** Those its code may use on this CPU: what it needs, and perhaps more. */
    protected Set<String> features(Cpu cpu) {
        return needed;
    }

    /**
     * The kernels; they own the code and close it.
     *
     * @param pages how weights lie
     */
    protected abstract Kernels bind(Cpu cpu, MachineCode code, HugePages pages);
}
