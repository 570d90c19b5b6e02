// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The providers chosen for this machine, best first; the last one, the definition, has code for everything. Owns them. */
public final class KernelChoice implements AutoCloseable {
    /** A kernel and the provider it came from. */
    public record From<K>(String provider, K kernel) {}

    private final List<TriedKernels> chain;
    private final List<String> refused;

    /** @param refused those that are not in the chain, and why */
    KernelChoice(List<TriedKernels> chain, List<String> refused) {
        this.chain = List.copyOf(chain);
        this.refused = List.copyOf(refused);
    }

    /** The kernels to take, by count of rows: the first that is for so few. The last is for any. */
    public List<From<MatMulKernel>> matMuls(WeightFormat format, Numerics numerics) {
        List<From<MatMulKernel>> found = new ArrayList<>();
        int least = Integer.MAX_VALUE;
        for (Kernels kernels : chain) {
            Optional<MatMulKernel> kernel = kernels.matMul(format, numerics);
            if (kernel.isEmpty() || kernel.get().leastRows() >= least) continue;
            least = kernel.get().leastRows();
            found.add(new From<>(kernels.name(), kernel.get()));
            if (least <= 1) return found;
        }
        throw missing("matmul of " + format.name());
    }

    /** The kernel for one row. */
    public From<MatMulKernel> matMul(WeightFormat format, Numerics numerics) {
        return matMuls(format, numerics).getLast();
    }

    public From<AttentionKernel> attention(
            WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics) {
        return first(
                "attention over " + keys.name() + " keys and " + values.name() + " values",
                k -> k.attention(keys, values, keyWidth, valueWidth, numerics));
    }

    public From<UnpackKernel> unpack(GroupFormat format, WeightFormat rows) {
        return first("unpacking " + format + " to " + rows.name(), k -> k.unpack(format, rows));
    }

    /** The fastest there is; where there is none the row operations serve. */
    public From<TurnKernel> turns(TurnKernel.Shape shape) {
        for (Kernels kernels : chain) {
            Optional<TurnKernel> found = kernels.turns(shape);
            if (found.isPresent()) return new From<>(kernels.name(), found.get());
        }
        From<RowKernels> rows = rows();
        return new From<>(rows.provider(), new PlainTurns(shape, rows.kernel()));
    }

    public From<RowKernels> rows() {
        return first("row operations", Kernels::rows);
    }

    public From<GemmKernel> gemm(Precision precision) {
        return first("gemm in " + precision, k -> k.gemm(precision));
    }

    public From<GradientKernels> gradients() {
        return first("gradients", Kernels::gradients);
    }

    private <K> From<K> first(String what, Function<Kernels, Optional<K>> ask) {
        for (Kernels kernels : chain) {
            Optional<K> found = ask.apply(kernels);
            if (found.isPresent()) return new From<>(kernels.name(), found.get());
        }
        throw missing(what);
    }

    private IllegalStateException missing(String what) {
        return new IllegalStateException("no kernel provider has code for " + what + ": asked=" + describe());
    }

    /** Which provider is asked first, which after it, and why the others are not. Binds nothing. */
    public String describe() {
        StringBuilder text = new StringBuilder();
        for (TriedKernels kernels : chain) {
            text.append(text.isEmpty() ? "" : "; ").append(kernels.name());
            text.append(kernels == chain.getFirst() ? ": preferred" : ": for the rest");
            for (String fault : kernels.faults()) text.append(", ").append(fault);
        }
        for (String why : refused) text.append("; ").append(why);
        return text.toString();
    }

    @Override
    public void close() {
        chain.forEach(Kernels::close);
    }
}
