// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/**
 * How a group of rows that are coded together lies in bytes. {@link #decode} is the definition; kernels are held against
 * it. Records: equal ones lie alike, and {@code toString} tells them apart.
 */
public interface GroupFormat {
    /** Rows of a group. */
    int rows();

    /** Values of a row. */
    int width();

    /** Bytes of a group. */
    int bytes();

    /** Decodes a group at byte offset {@code at} to dense f32 rows at byte offset {@code to}. Any bytes will do. */
    void decode(MemorySegment group, long at, MemorySegment rows, long to);

    /** Writes a group whose values are small numbers: what kernels are tried on when they start. */
    default void example(Random random, MemorySegment group, long at) {
        // A half whose bytes are below 0x40 is a number from 0 to 1.9.
        for (int i = 0; i < bytes(); i++) {
            group.set(ValueLayout.JAVA_BYTE, at + i, (byte) random.nextInt(0x40));
        }
    }
}
