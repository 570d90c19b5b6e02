// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import dev.jay.app.resident.Standing.State;
import dev.jay.engine.Model;
import java.util.ArrayList;
import java.util.List;

/** One of the models and how it stands. Guarded by its {@link Residents}. */
final class Resident {
    static final long UNKNOWN = -1;

    final ModelSource source;
    final List<Residents.Use> waiting = new ArrayList<>(); // not held yet
    State state = State.UNLOADED;
    Model model; // loaded, or being closed
    long grant; // bytes of the budget that are its own
    long needed = UNKNOWN;
    long tooLittle = -1; // free bytes that were too few to tell what is needed
    int holders;
    long lastUsed;
    KeepAlive keep;
    Throwable failure; // of the last try to load it

    Resident(ModelSource source, KeepAlive keep) {
        this.source = source;
        this.keep = keep;
    }

    boolean isIdle() {
        return state == State.LOADED && holders == 0;
    }

    /** When its time is over; {@link Long#MAX_VALUE} where it is not idle, or stays for ever. */
    long endsAt() {
        if (!isIdle() || keep.isForever()) return Long.MAX_VALUE;
        return lastUsed + keep.time().toNanos();
    }
}
