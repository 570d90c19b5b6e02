// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** One submitted request, for any thread. */
public interface Ticket {
    /** The answer ends at the next step; no effect once it has ended. */
    void cancel();

    /** Says that a sink which was not ready may be now. */
    void wake();
}
