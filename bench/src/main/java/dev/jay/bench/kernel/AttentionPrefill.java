// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import static dev.jay.bench.kernel.KernelSizes.COLS;
import static dev.jay.bench.kernel.KernelSizes.GEMM_ROWS;

import dev.jay.bench.limit.Limit;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Numerics;
import java.util.List;
import java.util.Optional;

/**
 * A prompt's newest tokens over all of it. Its bound is what the same provider reaches in a product of Q8_0 weights with
 * 512 rows: attention is two products, and can hardly be done faster than one.
 */
final class AttentionPrefill implements Measurement {
    static final Catalog.Entry<Measurement> ENTRY = new Catalog.Entry<>(
            "attention-prefill", "many tokens over a context, of the rate of gemm", a -> new AttentionPrefill());

    private static final int KV_HEADS = 2;
    private static final int GROUP = 4;
    private static final String YARDSTICK = "q8_0";

    private AttentionPrefill() {}

    @Override
    public void run(Bed bed) {
        long mark = bed.scratch.mark();
        WeightFormat format = WeightFormats.ALL.make(YARDSTICK);
        Tensor matrix = new Tensor(bed.scratch.take(format.bytesFor((long) GEMM_ROWS * COLS)), format, GEMM_ROWS, COLS);
        bed.fill(matrix.bytes(), format, COLS);
        for (String kv : bed.sizes.kvFormats()) {
            for (int width : bed.sizes.widths()) {
                for (int context : bed.sizes.contexts()) {
                    int queries = Math.min(bed.sizes.prompt(), context);
                    AttentionCase one = new AttentionCase(kv, KV_HEADS, GROUP, width, context, queries);
                    for (Team team : bed.teams) measure(bed, team, one, matrix);
                }
            }
        }
        bed.scratch.release(mark);
    }

    private static void measure(Bed bed, Team team, AttentionCase one, Tensor matrix) {
        long mark = bed.scratch.mark();
        int n = bed.sizes.prompt();
        Limit gemm = new Limit("GFLOP/s", Gemm.giga(n), Gemm.product(bed, team, List.of(matrix), Numerics.FAST, n));
        bed.measure(
                Bed.row(
                        "attention-prefill",
                        one.format(),
                        one.provider(bed),
                        "dram",
                        one.shape(),
                        team,
                        one.bytes(),
                        "GFLOP/s"),
                one.giga(),
                one.work(bed, team),
                Optional.of(gemm));
        bed.scratch.release(mark);
    }
}
