// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Joules that the processor's packages took, where the system tells them (RAPL, by Linux's powercap). */
final class Energy {
    private static final Path WHERE = Path.of("/sys/class/powercap");

    private final List<Path> counters;
    private final List<Path> ranges;

    Energy() {
        this(WHERE);
    }

    Energy(Path powercap) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> zones = Files.newDirectoryStream(powercap, "*-rapl:?")) {
            for (Path zone : zones) if (Files.isReadable(zone.resolve("energy_uj"))) found.add(zone);
        } catch (IOException e) {
            found.clear(); // there is nothing of the kind
        }
        this.counters = found.stream().map(zone -> zone.resolve("energy_uj")).toList();
        this.ranges =
                found.stream().map(zone -> zone.resolve("max_energy_range_uj")).toList();
    }

    boolean isTold() {
        return !counters.isEmpty();
    }

    /** Microjoules of every package since some time or other. */
    long[] now() {
        return counters.stream().mapToLong(Energy::read).toArray();
    }

    /** Joules since then; NaN where nobody tells. A counter that began anew meanwhile is one round ahead. */
    double since(long[] then) {
        if (!isTold()) return Double.NaN;
        long[] now = now();
        double all = 0;
        for (int i = 0; i < now.length; i++) {
            long took = now[i] - then[i];
            all += took < 0 ? took + read(ranges.get(i)) : took;
        }
        return all / 1e6;
    }

    private static long read(Path file) {
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (IOException | NumberFormatException e) {
            throw new IllegalStateException("energy: " + file + " could be read and cannot be now", e);
        }
    }
}
