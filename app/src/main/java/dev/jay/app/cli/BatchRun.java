// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.http.Batch;
import dev.jay.app.http.BatchLine;
import dev.jay.engine.QueueFullException;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Takes requests up in order, as many at once as the engine lets wait, and writes each answer when it is there. One thread
 * calls {@link #take} and {@link #awaitAll}; {@link #cancel} may come from any.
 */
final class BatchRun {
    private final Batch batch;
    private final BatchOutput output;
    private final Runnable written;
    private final Set<Batch.Started> inside = new HashSet<>();
    private Exception failure;
    private boolean cancelled;

    /** @param written called after each answer, by several threads */
    BatchRun(Batch batch, BatchOutput output, Runnable written) {
        this.batch = batch;
        this.output = output;
        this.written = written;
    }

    /** Returns when the request has been taken up. False where no more are to be. */
    boolean take(byte[] line) throws IOException, InterruptedException, BatchLine.BrokenException {
        while (goesOn()) {
            try {
                Batch.Started started;
                synchronized (this) { // nothing is begun once it was stopped
                    if (cancelled) return false;
                    started = batch.start(line);
                    inside.add(started);
                }
                Thread.startVirtualThread(() -> finish(started));
                return true;
            } catch (QueueFullException full) {
                if (awaitOne()) continue;
                output.append(
                        Batch.refused(BatchLine.customId(line), full)); // too many answers for the queue, even alone
                written.run();
                return true;
            }
        }
        return false;
    }

    private synchronized boolean goesOn() throws IOException {
        throwFailure();
        return !cancelled;
    }

    /** Waits until one of those inside has ended. False if there is none. */
    private synchronized boolean awaitOne() throws InterruptedException {
        int now = inside.size();
        while (inside.size() == now && now > 0) wait();
        return now > 0;
    }

    private void finish(Batch.Started started) {
        try (started) {
            Optional<byte[]> line = started.finish();
            if (line.isPresent()) {
                output.append(line.get());
                written.run();
            } else {
                cancel(); // asked again when the batch goes on
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        } finally {
            synchronized (this) {
                inside.remove(started);
                notifyAll();
            }
        }
    }

    private void throwFailure() throws IOException {
        if (failure instanceof IOException io) throw io;
        if (failure != null) throw new IllegalStateException("an answer was lost: " + failure.getMessage(), failure);
    }

    private synchronized void fail(Exception e) {
        if (failure == null) failure = e;
        cancel();
    }

    /** Takes no more up; what is inside goes on. */
    synchronized void stop() {
        cancelled = true;
    }

    /** Ends what is inside, unanswered, and takes no more up. */
    synchronized void cancel() {
        cancelled = true;
        inside.forEach(Batch.Started::cancel);
    }

    /** Waits until all that were taken up have been written, or have been cancelled. */
    void awaitAll() throws IOException, InterruptedException {
        while (awaitOne()) {}
        synchronized (this) {
            throwFailure();
        }
    }
}
