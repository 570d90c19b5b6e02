// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.tensor.Threads;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How short memory is, read by a thread of its own a little before it is asked for again: a reading takes as long as some
 * layers of a token. What is asked for once is read once more and no more. Asked by one thread; closed by any.
 */
final class PressureWatch implements Supplier<Pressure>, AutoCloseable {
    /** From a question to the reading for the next one: a little less than lies between two of an engine that is at work. */
    static final long AFTER_NANOS = 200_000_000;

    /** What is older is read anew by who asks. */
    static final long OLD_NANOS = 250_000_000;

    private record Reading(Pressure pressure, long at) {}

    private final Supplier<Pressure> system;
    private final LongSupplier clock;
    private final Thread thread;
    private volatile Reading newest;
    private volatile long due;
    private volatile boolean wanted;
    private volatile boolean closed;

    /**
     * @param system reads, which takes its time
     * @param clock  nanoseconds
     */
    PressureWatch(Supplier<Pressure> system, LongSupplier clock) {
        this.system = system;
        this.clock = clock;
        this.thread = Thread.ofPlatform().daemon().name("jay-pressure").start(this::run);
    }

    @Override
    public Pressure get() {
        Reading known = newest;
        if (known == null || clock.getAsLong() - known.at >= OLD_NANOS) known = read();
        due = clock.getAsLong() + AFTER_NANOS;
        wanted = true;
        LockSupport.unpark(thread);
        return known.pressure;
    }

    private Reading read() {
        long began = clock.getAsLong();
        Reading reading = new Reading(system.get(), began);
        newest = reading;
        return reading;
    }

    private void run() {
        while (!closed) {
            long left = due - clock.getAsLong();
            if (!wanted) {
                LockSupport.park(this);
            } else if (left > 0) {
                LockSupport.parkNanos(this, left);
            } else {
                wanted = false;
                read();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        Threads.awaitEnd(thread);
    }
}
