// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * An answer between the engine thread, which puts pieces in, and its reader, who takes them out. Holds at most
 * {@link #CAPACITY} pieces: a full queue is not ready, and the sequence pauses.
 */
class QueuedGeneration implements Generation, TokenSink {
    static final int CAPACITY = 64;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final int[] promptTokens;
    private final ArrayDeque<Piece> queue = new ArrayDeque<>();
    private final StringBuilder text = new StringBuilder(); // taken
    private final List<Choice> tokens = new ArrayList<>(); // taken
    private Finish finish;
    private volatile Ticket ticket;

    QueuedGeneration(int[] promptTokens) {
        this.promptTokens = promptTokens.clone();
    }

    /** Set before anybody reads. */
    void is(Ticket submitted) {
        ticket = submitted;
    }

    @Override
    public boolean isReady() {
        lock.lock();
        try {
            return queue.size() < CAPACITY;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onPiece(Piece piece) {
        lock.lock();
        try {
            queue.add(piece);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onFinish(Finish how) {
        lock.lock();
        try {
            finish = how;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next piece; null at the end. */
    private Piece take() {
        boolean wake;
        Piece piece;
        lock.lock();
        try {
            while (queue.isEmpty() && finish == null) changed.await();
            wake = queue.size() == CAPACITY;
            piece = queue.poll();
            if (piece != null) {
                text.append(piece.text());
                tokens.addAll(piece.tokens());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cancel();
            throw new IllegalStateException("interrupted while waiting for the answer, which was cancelled", e);
        } finally {
            lock.unlock();
        }
        if (wake) ticket.wake();
        return piece;
    }

    @Override
    public Iterator<Piece> iterator() {
        return new Iterator<>() {
            private Piece next;

            @Override
            public boolean hasNext() {
                if (next == null) next = take();
                if (next == null) failIfCutShort();
                return next != null;
            }

            @Override
            public Piece next() {
                if (!hasNext()) throw new NoSuchElementException("the answer has ended");
                Piece given = next;
                next = null;
                return given;
            }
        };
    }

    private void failIfCutShort() {
        Finish how = finish();
        if (how.cause().isPresent()) throw new GenerationException(how);
    }

    @Override
    public Finish finish() {
        while (take() != null) {} // taken, not lost: the text grows
        lock.lock();
        try {
            return finish;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String text() {
        failIfCutShort();
        return textSoFar();
    }

    @Override
    public List<Choice> tokens() {
        failIfCutShort();
        lock.lock();
        try {
            return List.copyOf(tokens);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String textSoFar() {
        lock.lock();
        try {
            return text.toString();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the engine is done with it. Then {@link #finish} does not wait. */
    boolean hasEnded() {
        lock.lock();
        try {
            return finish != null;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int[] promptTokens() {
        return promptTokens.clone();
    }

    @Override
    public void cancel() {
        ticket.cancel();
    }

    @Override
    public void close() {
        cancel();
        lock.lock();
        try {
            while (finish == null) changed.awaitUninterruptibly();
        } finally {
            lock.unlock();
        }
    }
}
