// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import java.io.PrintStream;
import java.util.Locale;

/** How far a run has come and how long it will take, on a stream of its own; one line at a time. */
final class KvProgress {
    private static final int WIDTH = 24;

    private final PrintStream to;
    private final long begin = System.nanoTime();
    private long toldAt = Long.MIN_VALUE;

    KvProgress(PrintStream to) {
        this.to = to;
    }

    void say(String what) {
        to.println("jay bench kv: " + what);
    }

    /** @param done of 0 to 1 */
    void at(double done, String what) {
        long now = System.nanoTime();
        if (done < 1 && toldAt != Long.MIN_VALUE && now - toldAt < 10_000_000_000L) return; // not a line a second
        toldAt = now;
        int full = (int) Math.round(WIDTH * Math.clamp(done, 0, 1));
        double left = done <= 0 ? Double.NaN : seconds() * (1 - done) / done;
        String bar = "#".repeat(full) + ".".repeat(WIDTH - full);
        to.printf(
                Locale.ROOT,
                "jay bench kv: [%s] %3.0f %%, %s gone, %s left: %s%n",
                bar,
                100 * done,
                time(seconds()),
                Double.isNaN(left) ? "?" : time(left),
                what);
    }

    double seconds() {
        return (System.nanoTime() - begin) / 1e9;
    }

    static String time(double seconds) {
        return seconds < 90 ? Math.round(seconds) + " s" : Math.round(seconds / 60) + " min";
    }
}
