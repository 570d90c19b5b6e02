// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.GradientKernels;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.RowKernels;
import java.util.Map;
import java.util.Optional;
import jdk.incubator.vector.VectorShape;

/** Kernels in the Vector API. Made by name, so that nothing here is loaded where its module is absent. */
public final class VectorKernels implements Kernels {
    private static final int LEAST_BITS = 128;

    private final Map<String, RowCode> codes;

    /** @throws IllegalStateException if this JVM compiles vectors of no useful width to instructions */
    public VectorKernels() {
        int bits = VectorShape.preferredShape().vectorBitSize();
        if (bits < LEAST_BITS)
            throw new IllegalStateException("vectors are too short: bits=" + bits + ", least=" + LEAST_BITS);
        codes = Map.of(
                "f32", new F32Rows(),
                "f16", new F16Rows(),
                "bf16", new Bf16Rows(),
                "q8_0", new Q8Rows(),
                "q4_0", new Q4Rows(),
                "q4_k", new Q4KRows(),
                "q6_k", new Q6KRows());
    }

    @Override
    public String name() {
        return "vector";
    }

    /** The same code for both numerics: no path here depends on how many rows run. */
    @Override
    public Optional<MatMulKernel> matMul(WeightFormat format, Numerics numerics) {
        return Optional.ofNullable(codes.get(format.name())).map(VectorMatMul::new);
    }

    @Override
    public Optional<AttentionKernel> attention(
            WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics) {
        RowCode k = codes.get(keys.name());
        RowCode v = codes.get(values.name());
        return k == null || v == null ? Optional.empty() : Optional.of(new VectorAttention(k, v));
    }

    @Override
    public Optional<GradientKernels> gradients() {
        return Optional.of(new VectorGradients());
    }

    @Override
    public Optional<RowKernels> rows() {
        return Optional.of(new VectorRows());
    }
}
