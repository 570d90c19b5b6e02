// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * What the blocks of one pass share. Borrows everything.
 *
 * @param sequences   of one length, one after the other
 * @param length      tokens of a sequence
 * @param turns       [sequences * length][rotaryDim / 2] pairs (cos, sin)
 * @param turnsBack   the same with the sines negated
 * @param scratch     working space of one block at a time
 */
public record TrainPass(int sequences, int length, MemorySegment turns, MemorySegment turnsBack, Scratch scratch) {
    public int rows() {
        return sequences * length;
    }

    /** [rows][width] f32 of working space. */
    MemorySegment floats(long width) {
        return scratch.floats(rows() * width);
    }
}
