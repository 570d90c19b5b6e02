// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import static dev.jay.bench.kernel.KernelSizes.COLS;
import static dev.jay.bench.kernel.KernelSizes.ROWS;

import dev.jay.bench.limit.Limit;
import dev.jay.bench.limit.Limits;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Activations;
import dev.jay.tensor.kernel.MatMul;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One row of activations times a matrix, as decoding does: from memory, and from the second-level cache. */
final class Gemv implements Measurement {
    static final Catalog.Entry<Measurement> ENTRY =
            new Catalog.Entry<>("gemv", "a matrix times one row, of a plain read of its bytes", a -> new Gemv());

    private Gemv() {}

    @Override
    public void run(Bed bed) {
        for (String name : bed.sizes.formats()) {
            WeightFormat format = WeightFormats.ALL.make(name);
            MemorySegment weights = bed.rowsOf(format, COLS);
            int rows = (int) Math.min(ROWS, weights.byteSize() / format.bytesFor(COLS));
            int fewRows = (int) Math.max(16, Limits.L2_BYTES / format.bytesFor(COLS) / 16 * 16);
            for (Team team : bed.teams) {
                List<Tensor> many = matrices(format, weights, rows);
                measure(bed, team, format, many, "dram", team.limits().memory(weights));
                List<Tensor> one = matrices(format, weights, fewRows).subList(0, 1);
                measure(bed, team, format, one, "l2", team.limits().cache(weights));
            }
        }
    }

    /** As many matrices as the bytes hold. */
    static List<Tensor> matrices(WeightFormat format, MemorySegment room, int rows) {
        long bytes = format.bytesFor((long) rows * COLS);
        List<Tensor> all = new ArrayList<>();
        for (long at = 0; at + bytes <= room.byteSize(); at += bytes) {
            all.add(new Tensor(room.asSlice(at, bytes), format, rows, COLS));
        }
        return all;
    }

    private static void measure(
            Bed bed, Team team, WeightFormat format, List<Tensor> matrices, String memory, Limit bound) {
        long mark = bed.scratch.mark();
        int rows = matrices.getFirst().rows();
        MemorySegment x = bed.random(COLS);
        MemorySegment y = bed.scratch.floats(rows);
        List<MatMul> products = new ArrayList<>();
        for (Tensor t : matrices) products.add(team.ops().bind(List.of(t), Numerics.FAST));
        int[] next = {0};
        long bytes = matrices.getFirst().bytes().byteSize();
        String provider = bed.kernels.matMul(format, Numerics.FAST).provider();
        bed.measure(
                Bed.row("gemv", format.name(), provider, memory, rows + "x" + COLS, team, bytes, "GB/s"),
                bytes / 1e9,
                () -> {
                    long inner = bed.scratch.mark();
                    products.get(next[0]++ % products.size()).run(new Activations(x, 1, COLS, bed.scratch), y);
                    bed.scratch.release(inner);
                },
                Optional.of(bound));
        bed.scratch.release(mark);
    }
}
