// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import static dev.jay.bench.kernel.KernelSizes.COLS;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Rows of activations packed into the form that products of Q8_0 weights want, of a plain read of what it touches. */
final class Quantise implements Measurement {
    static final Catalog.Entry<Measurement> ENTRY = new Catalog.Entry<>(
            "quantise", "packing of activations, of a plain read of what it touches", a -> new Quantise());

    private static final int[] ROWS = {1, 32};

    private Quantise() {}

    @Override
    public void run(Bed bed) {
        WeightFormat format = WeightFormats.ALL.make("q8_0");
        for (Team team : bed.teams) {
            for (int n : ROWS) {
                KernelChoice.From<MatMulKernel> fast = Gemm.of(bed, format, Numerics.FAST, n);
                KernelChoice.From<MatMulKernel> exact = Gemm.of(bed, format, Numerics.EXACT, n);
                measure(bed, team, "quantise", fast, n);
                if (!exact.equals(fast)) measure(bed, team, "quantise-exact", exact, n);
            }
        }
    }

    private static void measure(Bed bed, Team team, String kind, KernelChoice.From<MatMulKernel> from, int n) {
        ActivationForm form = from.kernel().form();
        if (form == null) return; // it takes floats as they are
        long mark = bed.scratch.mark();
        MemorySegment x = bed.random((long) n * COLS);
        MemorySegment packed = bed.scratch.take(form.bytes(n, COLS));
        long bytes = x.byteSize() + packed.byteSize();
        int each = Math.ceilDiv(n, team.threads());
        int chunks = Math.ceilDiv(n, each);
        bed.measure(
                Bed.row(kind, "q8_0", from.provider(), "l2", n + "x" + COLS, team, bytes, "GB/s"),
                bytes / 1e9,
                () -> team.workers()
                        .run(
                                chunks,
                                (c, worker) -> form.pack(
                                        x.address(), n, COLS, c * each, Math.min(n, (c + 1) * each), packed.address())),
                Optional.of(team.limits().cache(bed.bytes())));
        bed.scratch.release(mark);
    }
}
