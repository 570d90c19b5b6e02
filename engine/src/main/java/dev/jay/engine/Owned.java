// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/** What was opened, to be closed in the opposite order, once. Thread-safe. */
final class Owned implements AutoCloseable {
    private final Deque<Runnable> closers = new ArrayDeque<>();

    synchronized <T> T add(T opened, Consumer<? super T> closer) {
        closers.push(() -> closer.accept(opened));
        return opened;
    }

    /** Closes after a failure; what fails now is told beside it. */
    void closeAfter(Throwable failure) {
        try {
            close();
        } catch (RuntimeException | Error e) {
            failure.addSuppressed(e);
        }
    }

    /** Closing again does nothing. What comes first is closed even if what comes before it failed. */
    @Override
    public synchronized void close() {
        RuntimeException failure = null;
        while (!closers.isEmpty()) {
            try {
                closers.peek().run();
            } catch (RuntimeException e) {
                if (failure == null) failure = e;
                else failure.addSuppressed(e);
            }
            closers.pop();
        }
        if (failure != null) throw failure;
    }
}
