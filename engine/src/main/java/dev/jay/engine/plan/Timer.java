// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import java.util.function.LongSupplier;

/**
 * The least time that some work took of all samples so far. What else a machine does only ever adds to it, so the least of
 * samples that lie far apart tells more of the machine than the middle of some that lie close together.
 */
final class Timer {
    private static final double LONG = 0.3; // seconds: one sample of so much is enough
    private static final int SAMPLES = 3; // at a time

    private final LongSupplier clock;
    private final double busy;
    private final Runnable before;
    private final Runnable work;
    private double least = Double.POSITIVE_INFINITY;

    /**
     * @param clock nanoseconds
     * @param busy  seconds of samples at a time, at least: what is short is as fast as it will be only once it is compiled
     */
    Timer(LongSupplier clock, double busy, Runnable work) {
        this(clock, busy, () -> {}, work);
    }

    /** @param before each sample, and not counted */
    Timer(LongSupplier clock, double busy, Runnable before, Runnable work) {
        this.clock = clock;
        this.busy = busy;
        this.before = before;
        this.work = work;
    }

    /** Some samples, after one that warms up. */
    void sample() {
        double spent = once();
        for (int i = 0; spent < LONG && (i < SAMPLES || spent < busy); i++) {
            double each = once();
            least = Math.min(least, each);
            spent += each;
        }
    }

    private double once() {
        before.run();
        long from = clock.getAsLong();
        work.run();
        double seconds = Math.max(1, clock.getAsLong() - from) / 1e9;
        if (seconds > LONG) least = Math.min(least, seconds);
        return seconds;
    }

    /** Seconds. */
    double least() {
        return least;
    }
}
