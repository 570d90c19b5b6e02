// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells what others took of the machine's CPUs since the last look, a hypervisor's other guests among them. */
final class CpuLoad {
    private static final double TICK = 0.01; // seconds; how finely Linux shows either count

    private final Path all;
    private final Path own;
    private double busy;
    private double mine;

    CpuLoad() {
        this(Path.of("/proc"));
    }

    /** @param proc where {@code stat} and {@code self/stat} are; nothing is known where they are not */
    CpuLoad(Path proc) {
        this.all = proc.resolve("stat");
        this.own = proc.resolve("self").resolve("stat");
        othersSeconds();
    }

    /** CPU seconds that others took since the last call, one tick of rounding forgiven. */
    double othersSeconds() {
        double busyNow = busySeconds();
        double mineNow = ownSeconds();
        double others = busyNow - busy - (mineNow - mine);
        busy = busyNow;
        mine = mineNow;
        return Math.max(0, others - TICK);
    }

    /** user nice system idle iowait irq softirq steal, in ticks, of all CPUs. */
    private double busySeconds() {
        String[] fields = firstLine(all).split("\\s+");
        if (fields.length < 9) return 0;
        return TICK * (sum(fields, 1, 4) + sum(fields, 6, 9));
    }

    /** utime and stime stand 12th and 13th after the name, which may hold anything. */
    private double ownSeconds() {
        String line = firstLine(own);
        String[] fields = line.substring(line.lastIndexOf(')') + 1).strip().split("\\s+");
        return fields.length < 13 ? 0 : TICK * sum(fields, 11, 13);
    }

    private static long sum(String[] fields, int from, int to) {
        long sum = 0;
        for (int i = from; i < to; i++) sum += Long.parseLong(fields[i]);
        return sum;
    }

    private static String firstLine(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file).getFirst() : "";
        } catch (IOException e) {
            return ""; // what the system does not tell is not known
        }
    }
}
