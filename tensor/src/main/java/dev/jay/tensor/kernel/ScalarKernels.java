// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.memory.Memory;
import java.util.Optional;

/** The definition: every format, every shape, plain loops, everywhere. All faster code is held against it. */
final class ScalarKernels implements KernelProvider, Kernels {
    static final Catalog.Entry<KernelProvider> ENTRY =
            new Catalog.Entry<>("scalar", "plain Java loops; the definition", a -> new ScalarKernels());

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public Optional<String> unavailable(Cpu cpu) {
        return Optional.empty();
    }

    @Override
    public Kernels bind(Cpu cpu, Memory memory) {
        return this;
    }

    @Override
    public Optional<MatMulKernel> matMul(WeightFormat format, Numerics numerics) {
        return Optional.of(new ScalarMatMul(format));
    }

    @Override
    public Optional<AttentionKernel> attention(
            WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics) {
        return Optional.of(new ScalarAttention(keys, values));
    }

    @Override
    public Optional<UnpackKernel> unpack(GroupFormat format, WeightFormat rows) {
        return Optional.of(new ScalarUnpack(format, rows));
    }

    @Override
    public Optional<RowKernels> rows() {
        return Optional.of(new ScalarRows());
    }

    @Override
    public Optional<GradientKernels> gradients() {
        return Optional.of(new ScalarGradients());
    }

    @Override
    public Optional<GemmKernel> gemm(Precision precision) {
        return Optional.of(new ScalarGemm());
    }
}
