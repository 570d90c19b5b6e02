// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** As many requests wait as may. Nothing is wrong with this one; it may be sent again later. */
public final class QueueFullException extends RuntimeException {
    private final int waiting;
    private final int limit;

    public QueueFullException(int waiting, int limit) {
        super("request queue full: waiting=" + waiting + ", queueLimit=" + limit);
        this.waiting = waiting;
        this.limit = limit;
    }

    public int waiting() {
        return waiting;
    }

    public int limit() {
        return limit;
    }
}
