// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.bench.limit.Limit;
import dev.jay.bench.limit.Peak;
import dev.jay.tensor.Catalog;
import java.util.Locale;
import java.util.Optional;

/** The bounds themselves: plain reads, and what each multiplying instruction can do. */
final class Bounds implements Measurement {
    static final Catalog.Entry<Measurement> ENTRY =
            new Catalog.Entry<>("bounds", "plain reads of memory and cache, peaks of instructions", a -> new Bounds());

    private Bounds() {}

    @Override
    public void run(Bed bed) {
        for (Team team : bed.teams) {
            show(bed, team, "read", "dram", team.limits().memory(bed.bytes()));
            show(bed, team, "read", "l2", team.limits().cache(bed.bytes()));
            for (Peak peak : Peak.values()) {
                String name = "peak-" + peak.name().toLowerCase(Locale.ROOT).replace('_', '-');
                team.limits().peak(peak).ifPresent(limit -> show(bed, team, name, "l2", limit));
            }
        }
    }

    private static void show(Bed bed, Team team, String name, String memory, Limit limit) {
        long bytes = name.equals("read") ? Math.round(limit.amount() * 1e9) : 0;
        KernelRow row = Bed.row(name, "-", "-", memory, "-", team, bytes, limit.unit());
        bed.measure(row, limit.amount(), limit.work(), Optional.of(limit));
    }
}
