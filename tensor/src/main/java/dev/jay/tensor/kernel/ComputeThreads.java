// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.Threads;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A region is one number, [epoch:22][chunks:21][next:21]: taking a chunk is one compare-and-set on it, so a worker that
 * slept through the end of a region can neither take from the next one by mistake nor be waited for. The region is
 * over when as many chunks are done as it had.
 *
 * <p>Who waits spins a little, then stays awake for a while but offers its core to whoever wants it, then parks: waking a
 * thread whose core went to sleep takes longer than most regions of a token. Where the offer is taken it parks at once
 * for some time: a parked thread gets its core back sooner than one that gave it away.
 */
final class ComputeThreads implements Workers {
    private static final int BITS = 21;
    private static final long MASK = (1L << BITS) - 1;
    private static final long SPIN_NANOS = 20_000; // longer than most pauses between two regions of one token
    private static final long AWAKE_NANOS = 1_000_000; // longer than the pause between two tokens
    private static final long AWAY_NANOS = 100_000; // the core was somebody else's meanwhile
    private static final long CROWDED_NANOS = 20_000_000;
    private static final int LOOKS = 32; // reads of the counter between two looks at the clock

    // Each of these is written by many threads: a line of its own, and its neighbour's for the prefetcher.
    private static final class PaddedLong extends AtomicLong {
        @SuppressWarnings("unused")
        long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, pa, pb, pc, pd, pe;
    }

    private static final class PaddedInt extends AtomicInteger {
        @SuppressWarnings("unused")
        long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, pa, pb, pc, pd, pe;
    }

    private final PaddedLong region = new PaddedLong();
    private final PaddedInt done = new PaddedInt();
    private final PaddedInt[] parked; // by worker: 1 while parked or about to; 0 is the caller
    private final long[] crowdedUntil; // by worker, each its own
    private final Thread[] threads;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile Task task;
    private volatile Thread caller;
    private volatile boolean closed;

    ComputeThreads(int count) {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException("workers: threads=" + count + ", allowed 1 to " + MAX_COUNT);
        }
        parked = new PaddedInt[count];
        for (int i = 0; i < count; i++) parked[i] = new PaddedInt();
        crowdedUntil = new long[count];
        Arrays.fill(crowdedUntil, System.nanoTime());
        threads = new Thread[count];
        for (int i = 1; i < count; i++) {
            int worker = i;
            threads[i] = Thread.ofPlatform().daemon().name("jay-compute-" + i).start(() -> work(worker));
        }
    }

    @Override
    public int count() {
        return threads.length;
    }

    @Override
    public void run(int chunks, Task what) {
        if (chunks < 0 || chunks > MAX_CHUNKS) {
            throw new IllegalArgumentException("workers: chunks=" + chunks + ", allowed 0 to " + MAX_CHUNKS);
        }
        if (closed) throw new IllegalStateException("workers: run after close");
        if (caller != null) throw new IllegalStateException("workers: a region runs already: caller=" + caller);
        if (threads.length == 1 || chunks <= 1) {
            for (int i = 0; i < chunks; i++) what.run(i, 0);
            return;
        }
        caller = Thread.currentThread();
        task = what;
        done.set(0);
        long epoch = (region.get() >>> 2 * BITS) + 1;
        region.set(epoch << 2 * BITS | (long) chunks << BITS);
        for (int i = 1; i < threads.length && i < chunks; i++) {
            if (parked[i].get() != 0) LockSupport.unpark(threads[i]);
        }
        takeChunks(0);
        awaitDone(chunks);
        task = null;
        caller = null;
        Throwable thrown = failure.getAndSet(null);
        if (thrown instanceof Error e) throw e;
        if (thrown instanceof RuntimeException e) throw e;
        if (thrown != null) throw new IllegalStateException("a compute task failed: " + thrown, thrown);
    }

    private boolean takeChunks(int worker) {
        boolean any = false;
        while (true) {
            long seen = region.get();
            int chunks = (int) (seen >>> BITS & MASK);
            int next = (int) (seen & MASK);
            if (next >= chunks) return any;
            if (!region.compareAndSet(seen, seen + 1)) continue;
            any = true;
            try {
                if (failure.get() == null) task.run(next, worker);
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
            if (done.incrementAndGet() == chunks && parked[0].get() != 0) LockSupport.unpark(caller);
        }
    }

    /** The caller waits no other way: what it waits for may be waiting for this core. */
    private void awaitDone(int chunks) {
        boolean interrupted = false;
        long since = 0;
        while (done.get() != chunks) {
            if (since == 0) since = System.nanoTime();
            for (int i = 0; i < LOOKS && done.get() != chunks; i++) Thread.onSpinWait();
            if (done.get() == chunks || staysAwake(0, since)) continue;
            parked[0].set(1);
            if (done.get() != chunks) LockSupport.park(this);
            parked[0].set(0);
            interrupted |= Thread.interrupted(); // else park would no longer wait
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /** Whether a worker that waits since then looks again; after the first few times others may have its core in between. */
    @SuppressWarnings("ThreadPriorityCheck") // nothing depends on what the scheduler makes of it but who runs
    private boolean staysAwake(int worker, long since) {
        long now = System.nanoTime();
        if (now - since < SPIN_NANOS) return true;
        if (now - since >= AWAKE_NANOS || now - crowdedUntil[worker] < 0) return false;
        Thread.yield();
        long back = System.nanoTime();
        if (back - now >= AWAY_NANOS) crowdedUntil[worker] = back + CROWDED_NANOS;
        return true;
    }

    private boolean idle() {
        long seen = region.get();
        return (seen & MASK) >= (seen >>> BITS & MASK) && !closed;
    }

    private void work(int worker) {
        long since = System.nanoTime();
        while (!closed) {
            if (takeChunks(worker)) since = System.nanoTime();
            for (int i = 0; i < LOOKS && idle(); i++) Thread.onSpinWait();
            if (!idle() || staysAwake(worker, since)) continue;
            parked[worker].set(1);
            if (idle()) LockSupport.park(this);
            parked[worker].set(0);
            since = System.nanoTime();
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Thread t : threads) {
            if (t == null) continue;
            LockSupport.unpark(t);
            Threads.awaitEnd(t);
        }
    }
}
