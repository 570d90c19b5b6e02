// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.MachineProbe;
import dev.jay.engine.plan.Probe;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Path;

/** This machine as a model would use it: its kernels and its compute threads, to be measured. Confined to one thread. */
public final class Machine implements AutoCloseable {
    /** Bytes of weights that {@link #measure} reads where there is room: more than caches hold. */
    public static final long BYTES = 192L << 20;

    private static final long READ = 256L << 20;

    private final Owned owned = new Owned();
    private final Memory memory;
    private final String name;
    private final MachineProbe probe;

    /** @param options kernels, threads and CPU; the rest does not matter */
    public Machine(ModelOptions options) {
        try {
            this.memory = owned.add(Memory.withBudget(Long.MAX_VALUE), Memory::close);
            Cpu cpu = options.cpu().orElseGet(Cpu::detect);
            KernelChoice kernels =
                    owned.add(KernelProviders.choose(cpu, options.kernels().orElse(null), memory), KernelChoice::close);
            Workers workers = owned.add(Workers.of(options.threads().orElse(cpu.cores())), Workers::close);
            CpuOps ops = owned.add(new CpuOps(memory, workers, kernels, 1), CpuOps::close);
            this.name = name(cpu, kernels, workers);
            this.probe = new MachineProbe(memory, ops, System::nanoTime);
        } catch (RuntimeException | Error e) {
            owned.closeAfter(e);
            throw e;
        }
    }

    static String name(Cpu cpu, KernelChoice kernels, Workers workers) {
        return cpu.model() + "; " + kernels.describe() + "; threads: " + workers.count();
    }

    /** What figures are known by: they hold for this CPU, these kernels and as many threads alone. */
    public String name() {
        return name;
    }

    /** Takes some seconds. */
    public Probe measure(long bytes) {
        return probe.measure(name, bytes);
    }

    /** Bytes a second at which a file is read in order, past the page cache. Reads a part of it. */
    public double diskRate(Path file) throws IOException {
        return probe.diskRate(file, READ);
    }

    @Override
    public void close() {
        owned.close();
    }
}
