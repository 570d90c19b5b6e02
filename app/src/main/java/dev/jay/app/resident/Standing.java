// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import dev.jay.engine.Model;
import java.time.Instant;
import java.util.Optional;

/**
 * A model as it stands now.
 *
 * @param model  empty unless it is loaded; good for looking at, not for use
 * @param failed whether the last try to load it failed
 * @param inUse  requests that hold it
 * @param ends   when it goes if nobody uses it again; empty where it is not loaded, is in use, or stays for ever
 */
public record Standing(
        ModelSource source, State state, Optional<Model> model, boolean failed, int inUse, Optional<Instant> ends) {
    /** Whether it is in memory. */
    public enum State {
        UNLOADED,
        LOADING,
        LOADED,
        UNLOADING
    }

    /** What clients call it. */
    public String name() {
        return source.name();
    }
}
