// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Times a piece of work and what bounds it in turn, so that a noisy neighbour hits both; keeps windows of time in which
 * others left the CPUs alone, and takes medians.
 */
final class Sampler {
    /**
     * Median seconds of one run.
     *
     * @param bound 0 where there was nothing to compare with
     */
    record Timing(double work, double bound) {}

    /** How long to go on: to warm up, for one window, and how many windows. */
    record Effort(double warmSeconds, double windowSeconds, int windows) {}

    private static final double OTHERS = 0.08; // of one CPU: what others may take of a window that counts
    private static final int PATIENCE = 4; // windows tried for each that is wanted
    private static final long LEAST_NANOS = 500_000; // of one sample: shorter runs are timed many at a time

    private final Effort effort;
    private final CpuLoad load = new CpuLoad();
    private int kept;
    private int discarded;
    private int disturbed;

    Sampler(Effort effort) {
        this.effort = effort;
    }

    /** @param bound null for none */
    Timing time(Runnable work, Runnable bound) {
        int runs = warm(work);
        int boundRuns = bound == null ? 0 : warm(bound);
        List<Double> clean = new ArrayList<>();
        List<Double> cleanBound = new ArrayList<>();
        List<Double> all = new ArrayList<>();
        List<Double> allBound = new ArrayList<>();
        for (int i = 0, good = 0; good < effort.windows && i < PATIENCE * effort.windows; i++) {
            List<Double> samples = new ArrayList<>();
            List<Double> boundSamples = new ArrayList<>();
            double seconds = window(work, runs, bound, boundRuns, samples, boundSamples);
            boolean isClean = load.othersSeconds() <= OTHERS * seconds;
            all.addAll(samples);
            allBound.addAll(boundSamples);
            if (isClean) {
                clean.addAll(samples);
                cleanBound.addAll(boundSamples);
                good++;
                kept += samples.size();
            } else {
                discarded += samples.size();
            }
        }
        if (clean.isEmpty()) disturbed++;
        return clean.isEmpty()
                ? new Timing(median(all), median(allBound))
                : new Timing(median(clean), median(cleanBound));
    }

    private double window(
            Runnable work, int runs, Runnable bound, int boundRuns, List<Double> samples, List<Double> boundSamples) {
        load.othersSeconds();
        long begin = System.nanoTime();
        do {
            if (bound != null) boundSamples.add(seconds(bound, boundRuns));
            samples.add(seconds(work, runs));
        } while (System.nanoTime() - begin < effort.windowSeconds * 1e9);
        return (System.nanoTime() - begin) / 1e9;
    }

    /** Runs it until the compiler is done with it; how many runs make a sample. */
    private int warm(Runnable work) {
        long begin = System.nanoTime();
        long last;
        int count = 0;
        do {
            long at = System.nanoTime();
            work.run();
            last = System.nanoTime() - at;
            count++;
        } while (count < 2 || System.nanoTime() - begin < effort.warmSeconds * 1e9);
        return Math.clamp(LEAST_NANOS / Math.max(1, last), 1, 1000);
    }

    private static double seconds(Runnable work, int runs) {
        long begin = System.nanoTime();
        for (int i = 0; i < runs; i++) work.run();
        return (System.nanoTime() - begin) / 1e9 / runs;
    }

    private static double median(List<Double> values) {
        if (values.isEmpty()) return 0;
        Collections.sort(values);
        return values.get(values.size() / 2);
    }

    /** What was thrown away, in words. */
    String report() {
        return "samples: kept=" + kept + ", discarded because others took the CPUs=" + discarded
                + ", rows that had no clean sample and show all=" + disturbed;
    }
}
