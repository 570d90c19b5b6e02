// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor;

/** What owners of threads share. */
public final class Threads {
    private Threads() {}

    /**
     * Returns when the thread is over, whatever interrupts come: while it runs, memory that it uses cannot be given back, and
     * half of what it writes helps nobody. An interrupt is kept for the caller's next look.
     */
    public static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
