// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Ctrl-C and SIGTERM. What is running is told to end and is given a moment to do so in order; then the JVM goes, with the
 * exit code it has for the signal.
 */
final class Interrupts {
    private static final long PATIENCE_SECONDS = 10;

    private final AtomicReference<Runnable> ending = new AtomicReference<>(() -> {});
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean interrupted;

    /** Until the returned scope is closed, an interrupt calls this. */
    Scope during(Runnable end) {
        Runnable before = ending.getAndSet(end);
        if (interrupted) end.run();
        return () -> ending.set(before);
    }

    /** What {@link #during} gives; closing it cannot fail. */
    interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    boolean isInterrupted() {
        return interrupted;
    }

    /** The command has come to its end: a JVM that waits for it may go. */
    void finished() {
        finished.countDown();
    }

    /** Called when the JVM is told to go; returns when the command has ended or patience has. */
    void interrupt() {
        interrupted = true;
        ending.get().run();
        try {
            boolean inOrder = finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (!inOrder)
                System.getLogger(Interrupts.class.getName()).log(System.Logger.Level.WARNING, "ended in haste");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
