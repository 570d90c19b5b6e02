// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import java.util.Optional;

/** The leaf kernels of one provider. Asked when a model is built, never on the path of a token. Closed by whoever bound it. */
public interface Kernels extends AutoCloseable {
    /** The provider's name. */
    String name();

    /** Empty if this provider has no code for it: the next one is asked. */
    Optional<MatMulKernel> matMul(WeightFormat format, Numerics numerics);

    /**
     * For keys and values kept row by row in these formats.
     *
     * @param numerics EXACT: float32 within, and the same bits for a query in any company; FAST: within the kernel's bound
     */
    Optional<AttentionKernel> attention(
            WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics);

    /**
     * For groups that become rows in a format: what the definition gives, to the bit, but that rounding to the format may
     * take what is subnormal for zero. Empty unless a provider says otherwise.
     */
    default Optional<UnpackKernel> unpack(GroupFormat format, WeightFormat rows) {
        return Optional.empty();
    }

    /** For rows that are turned one by one. Empty unless a provider says otherwise. */
    default Optional<TurnKernel> turns(TurnKernel.Shape shape) {
        return Optional.empty();
    }

    Optional<RowKernels> rows();

    /** For products of float matrices, both computed; training's. Empty unless a provider says otherwise. */
    default Optional<GemmKernel> gemm(Precision precision) {
        return Optional.empty();
    }

    /** What training does between products. Empty unless a provider says otherwise. */
    default Optional<GradientKernels> gradients() {
        return Optional.empty();
    }

    /** Gives back what it holds; its kernels must not be called again. */
    @Override
    default void close() {}
}
