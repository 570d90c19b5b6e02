// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import java.lang.foreign.MemorySegment;

/** Takes a sequence's rows after the last norm. Called on the engine thread, in order of places, but for repetitions. */
public interface HiddenRows {
    /**
     * Rows of tokens [from, from + count). A sequence that gave way or was tried again comes from an earlier place again.
     *
     * @param rows f32[count][dim], borrowed for the call
     */
    void take(int from, int count, MemorySegment rows);
}
