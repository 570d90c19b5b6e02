// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import java.util.Locale;

/**
 * One measurement.
 *
 * @param format   of the weights, or of keys and values; {@code f32} where all is float
 * @param provider whose code ran; {@code -} for a bound itself
 * @param memory   where the bytes lay: {@code dram} or {@code l2}
 * @param bytes    that a run must read and write; of weights, of keys and values, or of rows
 * @param seconds  of one run, median
 * @param rate     in {@code unit}: bytes or operations over seconds
 * @param bound    the rate of what bounds it, timed in turn with it; 0 where none could be measured
 */
public record KernelRow(
        String kernel,
        String format,
        String provider,
        String memory,
        String shape,
        int threads,
        long bytes,
        double seconds,
        double rate,
        String unit,
        double bound) {
    /** Achieved, of what is possible; 0 where the bound is not known. */
    public double ratio() {
        return bound == 0 ? 0 : rate / bound;
    }

    public String json() {
        return String.format(
                Locale.ROOT,
                "{\"kernel\":\"%s\",\"format\":\"%s\",\"provider\":\"%s\",\"memory\":\"%s\",\"shape\":\"%s\","
                        + "\"threads\":%d,\"bytes\":%d,\"seconds\":%.9f,\"rate\":%.3f,\"unit\":\"%s\","
                        + "\"bound\":%.3f,\"ratio\":%.4f}",
                kernel,
                format,
                provider,
                memory,
                shape,
                threads,
                bytes,
                seconds,
                rate,
                unit,
                bound,
                ratio());
    }

    public static String heading() {
        return String.format(
                Locale.ROOT,
                "%-18s %-5s %-12s %-5s %-20s %7s %10s %10s %-8s %7s",
                "kernel",
                "format",
                "provider",
                "from",
                "shape",
                "threads",
                "rate",
                "bound",
                "unit",
                "ratio");
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%-18s %-6s %-12s %-5s %-20s %6d %10.1f %10s %-8s %7s",
                kernel,
                format,
                provider,
                memory,
                shape,
                threads,
                rate,
                bound == 0 ? "-" : String.format(Locale.ROOT, "%.1f", bound),
                unit,
                bound == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * ratio()));
    }
}
