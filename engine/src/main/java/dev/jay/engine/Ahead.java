// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.function.Supplier;

/**
 * Something that is made on a thread of its own while whoever wants it does other things. Begun and asked by one thread.
 */
final class Ahead<T> implements AutoCloseable {
    private final String name;
    private Thread thread; // null before the beginning
    private T made;
    private Throwable failure;

    /** @param name of the thread */
    Ahead(String name) {
        this.name = name;
    }

    void begin(Supplier<T> making) {
        thread = Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                made = making.get();
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        });
    }

    /** Waits for it, and throws what making it threw. */
    T get() {
        close();
        if (failure instanceof Error e) throw e;
        if (failure instanceof RuntimeException e) throw e;
        return made;
    }

    /** Waits until the thread has ended, if it began; an interrupt is kept for later. */
    @Override
    public void close() {
        boolean interrupted = false;
        while (thread != null) {
            try {
                thread.join();
                thread = null;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
