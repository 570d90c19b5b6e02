// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.asm.CodePages;
import dev.jay.tensor.asm.MachineCodeException;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.machine.X86Provider;
import dev.jay.tensor.memory.Memory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * One provider of a choice. It is bound when first asked, and a kernel of it is run on small random blocks before it is
 * handed out; one that fails is as if it were not there, and the log says why. Thread-safe. Owns what it bound.
 */
final class TriedKernels implements Kernels {
    private static final System.Logger LOG = System.getLogger(KernelProviders.class.getName());

    private final KernelProvider provider;
    private final Cpu cpu;
    private final Memory memory;
    private final CodePages pages;
    private final boolean forced;
    private final Map<String, Optional<?>> tried = new HashMap<>(); // by what it is for; empty: none, or a wrong one
    private final Set<Object> sound = new HashSet<>(); // one kernel may serve both numerics
    private final List<String> faults = new ArrayList<>();
    private Kernels bound;
    private boolean asked;

    /** @param forced fail where it would otherwise be passed over: who asked for it wants no other */
    TriedKernels(KernelProvider provider, Cpu cpu, Memory memory, CodePages pages, boolean forced) {
        this.provider = provider;
        this.cpu = cpu;
        this.memory = memory;
        this.pages = pages;
        this.forced = forced;
    }

    @Override
    public String name() {
        return provider.name();
    }

    /** What is wrong with it, as far as it was asked. */
    synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    /**
     * Binds it, unless that was done.
     *
     * @throws IllegalArgumentException if it was forced and fails to start
     */
    synchronized Optional<Kernels> start() {
        if (asked) return Optional.ofNullable(bound);
        asked = true;
        try {
            bound = provider instanceof X86Provider inMachineCode
                    ? inMachineCode.bind(cpu, memory, pages)
                    : provider.bind(cpu, memory);
        } catch (MachineCodeException e) {
            refuse("failed to start: " + e.getMessage(), "is not used", e);
        } catch (RuntimeException | LinkageError e) {
            refuse("failed to start: " + e, "is not used", e);
        }
        return Optional.ofNullable(bound);
    }

    @Override
    public Optional<MatMulKernel> matMul(WeightFormat format, Numerics numerics) {
        return tried(
                "matmul " + format.name() + " " + numerics,
                kernels -> kernels.matMul(format, numerics),
                kernel -> new SelfTest(memory).matMul(format, kernel));
    }

    @Override
    public Optional<AttentionKernel> attention(
            WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics) {
        return tried(
                "attention " + keys.name() + "/" + values.name() + " " + keyWidth + "/" + valueWidth + " " + numerics,
                kernels -> kernels.attention(keys, values, keyWidth, valueWidth, numerics),
                kernel -> new SelfTest(memory).attention(keys, values, keyWidth, valueWidth, kernel));
    }

    @Override
    public Optional<UnpackKernel> unpack(GroupFormat format, WeightFormat rows) {
        return tried(
                "unpack " + format + " to " + rows.name(),
                kernels -> kernels.unpack(format, rows),
                kernel -> new SelfTest(memory).unpack(format, rows, kernel));
    }

    @Override
    public Optional<TurnKernel> turns(TurnKernel.Shape shape) {
        return tried(
                "turning rows of " + shape,
                kernels -> kernels.turns(shape),
                kernel -> new SelfTest(memory).turns(shape, kernel));
    }

    @Override
    public Optional<RowKernels> rows() {
        return tried("rows", Kernels::rows, kernel -> new SelfTest(memory).rows(kernel));
    }

    @Override
    public Optional<GemmKernel> gemm(Precision precision) {
        return tried(
                "gemm " + precision, kernels -> kernels.gemm(precision), kernel -> new SelfTest(memory).gemm(kernel));
    }

    @Override
    public Optional<GradientKernels> gradients() {
        return tried("gradients", Kernels::gradients, kernel -> new SelfTest(memory).gradients(kernel));
    }

    @SuppressWarnings("unchecked") // what lies under a name was put there by the same question
    private synchronized <K> Optional<K> tried(
            String what, Function<Kernels, Optional<K>> ask, Function<K, Optional<String>> test) {
        Optional<?> there = tried.get(what);
        if (there != null) return (Optional<K>) there;
        Optional<K> kernel = start().flatMap(kernels -> find(what, kernels, ask, test));
        tried.put(what, kernel);
        return kernel;
    }

    private <K> Optional<K> find(
            String what, Kernels kernels, Function<Kernels, Optional<K>> ask, Function<K, Optional<String>> test) {
        String fault;
        Throwable cause = null;
        try {
            Optional<K> kernel = ask.apply(kernels);
            if (kernel.isEmpty() || kernels instanceof ScalarKernels || sound.contains(kernel.get())) return kernel;
            Optional<String> wrong = test.apply(kernel.get());
            if (wrong.isEmpty()) {
                sound.add(kernel.get());
                return kernel;
            }
            fault = wrong.get();
        } catch (RuntimeException | LinkageError e) {
            if (kernels instanceof ScalarKernels) throw e; // behind it there is nothing
            fault = e.toString();
            cause = e;
        }
        refuse("failed its self-test: " + what + ": " + fault, "is not used for " + what, cause);
        return Optional.empty();
    }

    private void refuse(String fault, String effect, Throwable cause) {
        if (forced)
            throw new IllegalArgumentException(
                    "kernel provider cannot be forced: name=" + name() + ": " + fault, cause);
        faults.add(fault);
        LOG.log(System.Logger.Level.WARNING, "kernel provider " + name() + " " + effect + ": " + fault);
        if (cause != null) LOG.log(System.Logger.Level.DEBUG, "why " + name() + " " + effect, cause);
    }

    @Override
    public synchronized void close() {
        if (bound != null) bound.close();
    }
}
