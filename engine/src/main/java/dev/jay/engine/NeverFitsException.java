// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** A request that could not run even alone. Says which knob would have to be what. */
public final class NeverFitsException extends RuntimeException {
    private final String knob;
    private final long current;
    private final long needed;

    public NeverFitsException(String knob, long current, long needed, String what) {
        super("request can never fit: " + what + ", " + knob + "=" + current + ", needed=" + needed);
        this.knob = knob;
        this.current = current;
        this.needed = needed;
    }

    public String knob() {
        return knob;
    }

    public long current() {
        return current;
    }

    public long needed() {
        return needed;
    }
}
