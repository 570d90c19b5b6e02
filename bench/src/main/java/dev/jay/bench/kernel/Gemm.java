// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import static dev.jay.bench.kernel.KernelSizes.COLS;
import static dev.jay.bench.kernel.KernelSizes.GEMM_ROWS;

import dev.jay.bench.limit.Limit;
import dev.jay.bench.limit.Peak;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Activations;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.MatMul;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Many rows of activations times a matrix, as prefill does, of the peak of the instruction its provider multiplies by:
 * {@code gemm} in fast numerics, {@code gemm-exact} where exact numerics take other code, {@code gemm-f32} for weights
 * in float32.
 */
final class Gemm implements Measurement {
    static final Catalog.Entry<Measurement> ENTRY =
            new Catalog.Entry<>("gemm", "a matrix times many rows, of its instruction's peak", a -> new Gemm());

    private Gemm() {}

    @Override
    public void run(Bed bed) {
        for (String name : bed.sizes.formats()) {
            WeightFormat format = WeightFormats.ALL.make(name);
            List<Tensor> matrices = Gemv.matrices(format, bed.rowsOf(format, COLS), GEMM_ROWS);
            String kind = name.equals("f32") ? "gemm-f32" : "gemm";
            for (Team team : bed.teams) {
                for (int n : bed.sizes.tokens()) {
                    KernelChoice.From<MatMulKernel> fast = of(bed, format, Numerics.FAST, n);
                    KernelChoice.From<MatMulKernel> exact = of(bed, format, Numerics.EXACT, n);
                    measure(bed, team, kind, matrices, Numerics.FAST, fast.provider(), n);
                    if (exact.equals(fast)) continue;
                    measure(bed, team, kind + "-exact", matrices, Numerics.EXACT, exact.provider(), n);
                }
            }
        }
    }

    /** The kernel that so many rows come to. */
    static KernelChoice.From<MatMulKernel> of(Bed bed, WeightFormat format, Numerics numerics, int n) {
        return bed.kernels.matMuls(format, numerics).stream()
                .filter(from -> from.kernel().leastRows() <= n)
                .findFirst()
                .orElseThrow();
    }

    private static void measure(
            Bed bed, Team team, String kind, List<Tensor> matrices, Numerics numerics, String provider, int n) {
        long mark = bed.scratch.mark();
        Tensor first = matrices.getFirst();
        String shape = GEMM_ROWS + "x" + COLS + "x" + n;
        bed.measure(
                Bed.row(
                        kind,
                        first.format().name(),
                        provider,
                        "dram",
                        shape,
                        team,
                        first.bytes().byteSize(),
                        "GFLOP/s"),
                giga(n),
                product(bed, team, matrices, numerics, n),
                peak(team, provider, first.format(), numerics));
        bed.scratch.release(mark);
    }

    static double giga(int n) {
        return 2.0 * GEMM_ROWS * COLS * n / 1e9;
    }

    /** One product after the other, each of the next matrix; its rows stay in the scratch. */
    static Runnable product(Bed bed, Team team, List<Tensor> matrices, Numerics numerics, int n) {
        MemorySegment x = bed.random((long) n * COLS);
        MemorySegment y = bed.scratch.floats((long) n * GEMM_ROWS);
        List<MatMul> bound = new ArrayList<>();
        for (Tensor t : matrices) bound.add(team.ops().bind(List.of(t), numerics));
        int[] next = {0};
        return () -> {
            long inner = bed.scratch.mark();
            bound.get(next[0]++ % bound.size()).run(new Activations(x, n, COLS, bed.scratch), y);
            bed.scratch.release(inner);
        };
    }

    /** Tiles where the provider has them, bytes for quantised weights, else floats. */
    private static Optional<Limit> peak(Team team, String provider, WeightFormat format, Numerics numerics) {
        boolean isFloat = List.of("f32", "f16", "bf16").contains(format.name());
        boolean isMachine = !provider.equals("vector") && !provider.equals("scalar");
        if (provider.startsWith("amx") && !format.name().equals("f32")) {
            return team.limits().peak(isFloat || numerics == Numerics.FAST ? Peak.AMX_BF16 : Peak.AMX_INT8);
        }
        Optional<Limit> bytes = team.limits().peak(Peak.INT8_DOT);
        if (provider.equals("avx512-vnni") && !isFloat && !format.name().equals("q6_k")) { // whose sums are too short
            return team.limits().peak(Peak.AMX_INT8).or(() -> bytes);
        }
        return isMachine && !isFloat ? bytes : team.limits().peak(Peak.F32_FMA);
    }
}
