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
        codes = Map.ofEntries(
                Map.entry("f32", new F32Rows()),
                Map.entry("f16", new F16Rows()),
                Map.entry("bf16", new Bf16Rows()),
                Map.entry("q8_0", new Q8Rows()),
                Map.entry("q4_0", new Q4Rows()),
                Map.entry("q4_1", new Q41Rows()),
                Map.entry("q5_0", new Q50Rows()),
                Map.entry("q5_1", new Q51Rows()),
                Map.entry("q2_k", new Q2KRows()),
                Map.entry("q3_k", new Q3KRows()),
                Map.entry("q4_k", new Q4KRows()),
                Map.entry("q6_k", new Q6KRows()),
                Map.entry("iq4_nl", new Iq4NlRows()),
                Map.entry("iq4_xs", new Iq4XsRows()),
                Map.entry("mxfp4", new Mxfp4Rows()),
                Map.entry("nf4", new Nf4Rows()));
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
