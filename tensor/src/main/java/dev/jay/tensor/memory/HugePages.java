// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether most of what is resident in this process lies in huge pages, as weights do that were read into a mapping. A
 * stream of weights is fetched ahead in another way there. Linux counts it by walking every page, in up to some tens of
 * milliseconds where pages are small, so a thread that has the time looks, less and less often; anybody may ask.
 */
public final class HugePages {
    static final long FIRST_NANOS = 100_000_000; // to the second look; each pause is twice the one before
    static final long LAST_NANOS = 60_000_000_000L;

    private final Path rollup;
    private volatile boolean most;
    private long pause = FIRST_NANOS;
    private long due;
    private boolean looked;

    /** @param rollup what Linux tells of a process's mappings, all together */
    HugePages(Path rollup) {
        this.rollup = rollup;
    }

    static HugePages ofThisProcess() {
        return new HugePages(Path.of("/proc/self/smaps_rollup"));
    }

    /** As it was at the last look; false before the first, and where the system does not tell. */
    public boolean holdMost() {
        return most;
    }

    /** Looks if it is time to. */
    public synchronized void look(long nanos) {
        if (looked && nanos - due < 0) return;
        if (looked) pause = Math.min(2 * pause, LAST_NANOS);
        looked = true;
        due = nanos + pause;
        most = isMost();
    }

    private boolean isMost() {
        long resident = 0;
        long huge = 0;
        try {
            for (String line : Files.readAllLines(rollup)) {
                if (line.startsWith("Rss:")) resident = kibibytes(line);
                else if (line.startsWith("AnonHugePages:") || line.contains("PmdMapped:")) huge += kibibytes(line);
            }
        } catch (IOException | NumberFormatException e) {
            return false; // an older kernel, or another system
        }
        return 2 * huge > resident;
    }

    private static long kibibytes(String line) {
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}
