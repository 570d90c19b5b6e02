// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import dev.jay.engine.Model;
import java.io.IOException;
import java.time.Instant;
import java.util.OptionalLong;

/** A model that may be opened: again and again, by one thread at a time. */
public interface ModelSource {
    /** What clients call it. */
    String name();

    /**
     * How many bytes it takes when it is opened as it would be alone in {@code all}.
     *
     * @param free bytes that may be held meanwhile
     * @return more than {@code all} where it does not fit; empty where {@code free} is too little to tell
     */
    OptionalLong neededBytes(long free, long all) throws IOException;

    /** Opens it in this budget. */
    Model open(long budgetBytes) throws IOException;

    /** Gives back what {@link #open} gave. */
    void close(Model model);

    /** What its file says, without opening it. */
    ModelFacts facts() throws IOException;

    /** When the file was written last. */
    Instant modified();
}
