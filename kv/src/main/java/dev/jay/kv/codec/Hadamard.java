// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;

/**
 * A block-diagonal Hadamard matrix over its root. It is orthogonal, so products of turned rows are those of the rows
 * themselves, and its own inverse: to turn a row again gives it back.
 *
 * @param order of a block, a power of two that divides the width of the rows
 */
public record Hadamard(int order) {
    /** The greatest order that divides the width, up to this one. */
    static Hadamard of(int most, int width) {
        return new Hadamard(Math.min(most, Integer.lowestOneBit(width)));
    }

    static void check(String codec, int order) {
        if (order < 2 || order > 256 || Integer.bitCount(order) != 1) {
            throw new IllegalArgumentException(codec + ": order=" + order + ", allowed: powers of two from 2 to 256");
        }
    }

    /** Multiplies each block of a row, in place. */
    void turn(float[] row) {
        for (int half = 1; half < order; half *= 2) {
            for (int i = 0; i < row.length; i += 2 * half) {
                for (int j = i; j < i + half; j++) {
                    float a = row[j];
                    float b = row[j + half];
                    row[j] = a + b;
                    row[j + half] = a - b;
                }
            }
        }
        float scale = (float) (1 / Math.sqrt(order));
        for (int i = 0; i < row.length; i++) row[i] *= scale;
    }

    /** The same for dense f32 rows from byte offset {@code at} on. */
    public void turn(MemorySegment rows, long at, int count, int width) {
        float[] row = new float[width];
        for (int i = 0; i < count; i++) {
            long from = at + (long) i * width * Float.BYTES;
            MemorySegment.copy(rows, Floats.LAYOUT, from, row, 0, width);
            turn(row);
            MemorySegment.copy(row, 0, rows, Floats.LAYOUT, from, width);
        }
    }
}
