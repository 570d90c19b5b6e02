// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.Hadamard;
import java.lang.foreign.MemorySegment;

/**
 * What attention turns where rows lie turned: queries as the keys are, so that scores are what they were; and back, what it
 * mixed from the values. Rows are dense f32; where nothing lies turned nothing is done.
 */
final class Rotations {
    private final KvStream stream;
    private final Hadamard keys; // null: as they are
    private final Hadamard values;

    Rotations(KvRecipe recipe, KvStream stream) {
        this.stream = stream;
        this.keys = recipe.keys().rotation(stream.keyWidth()).orElse(null);
        this.values = recipe.values().rotation(stream.valueWidth()).orElse(null);
    }

    /** Queries from byte offset {@code at} on. */
    void turn(MemorySegment queries, long at, int count) {
        if (keys != null) keys.turn(queries, at, count, stream.keyWidth());
    }

    /** Outputs from byte offset {@code at} on. */
    void turnBack(MemorySegment outputs, long at, int count) {
        if (values != null) values.turn(outputs, at, count, stream.valueWidth());
    }
}
