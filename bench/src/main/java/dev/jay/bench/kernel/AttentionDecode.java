// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.tensor.Catalog;
import java.util.Optional;

/** One token's attention over a long context, of a plain read of the keys and values it sees. */
final class AttentionDecode implements Measurement {
    static final Catalog.Entry<Measurement> ENTRY = new Catalog.Entry<>(
            "attention-decode", "one token over a context, of a plain read of it", a -> new AttentionDecode());

    private static final int KV_HEADS = 8;
    private static final int GROUP = 4;

    private AttentionDecode() {}

    @Override
    public void run(Bed bed) {
        for (String format : bed.sizes.kvFormats()) {
            for (int width : bed.sizes.widths()) {
                for (int context : bed.sizes.contexts()) {
                    AttentionCase one = new AttentionCase(format, KV_HEADS, GROUP, width, context, 1);
                    for (Team team : bed.teams) measure(bed, team, one);
                }
            }
        }
    }

    private static void measure(Bed bed, Team team, AttentionCase one) {
        long mark = bed.scratch.mark();
        bed.measure(
                Bed.row(
                        "attention-decode",
                        one.format(),
                        one.provider(bed),
                        "dram",
                        one.shape(),
                        team,
                        one.bytes(),
                        "GB/s"),
                one.bytes() / 1e9,
                one.work(bed, team),
                Optional.of(team.limits().memory(bed.bytes())));
        bed.scratch.release(mark);
    }
}
