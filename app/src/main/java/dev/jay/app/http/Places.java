// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.util.HashMap;
import java.util.Map;

/** Who is inside: so many in all, so many of one tenant, and nobody new once it is closing. Thread-safe. */
final class Places {
    private static final long MOST_WAIT = 60_000_000_000L;

    private final int most;
    private final int mostOfOne;
    private final Map<String, Integer> inside = new HashMap<>();
    private int all;
    private boolean closing;
    private long lastLeft;
    private double nanosBetween = 1e9; // places that are given back, as of late

    Places(int most, int mostOfOne) {
        this.most = most;
        this.mostOfOne = mostOfOne;
    }

    /** @throws ApiException if there is no place */
    synchronized void enter(String tenant) {
        if (closing) throw Errors.stopping();
        if (all >= most) throw full("the server is full: requests=" + most);
        int own = inside.getOrDefault(tenant, 0);
        if (own >= mostOfOne) throw full("this key has as many requests inside as it may: requests=" + mostOfOne);
        inside.put(tenant, own + 1);
        all++;
    }

    private static ApiException full(String message) {
        return ApiException.of(429, "rate_limit_error", "too_many_requests", message);
    }

    synchronized void leave(String tenant) {
        long now = System.nanoTime();
        if (lastLeft != 0) nanosBetween += (Math.min(now - lastLeft, MOST_WAIT) - nanosBetween) / 8;
        lastLeft = now;
        all--;
        if (inside.merge(tenant, -1, Integer::sum) == 0) inside.remove(tenant);
        notifyAll();
    }

    /** When it is worth coming again: about when the next one leaves, at the pace of late; 1 to 60. */
    synchronized int secondsToRoom() {
        return (int) Math.ceil(Math.clamp(nanosBetween / 1e9, 1, 60));
    }

    /** From now on nobody is let in. */
    synchronized void close() {
        closing = true;
    }

    synchronized boolean isClosing() {
        return closing;
    }

    /** Waits until nobody is inside, or for this long. Returns whether nobody is. */
    synchronized boolean awaitEmpty(long millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000;
        while (all > 0) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) return false;
            wait(left);
        }
        return true;
    }
}
