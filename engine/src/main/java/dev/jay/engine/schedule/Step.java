// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import java.util.List;

/** What the engine works on next: some tokens of some sequences. */
public record Step<S extends Work>(List<Chunk<S>> chunks) {
    /** The next {@code count} tokens of one sequence: one when decoding, more when prefilling. */
    public record Chunk<S extends Work>(S sequence, int count) {}

    public Step {
        chunks = List.copyOf(chunks);
    }
}
