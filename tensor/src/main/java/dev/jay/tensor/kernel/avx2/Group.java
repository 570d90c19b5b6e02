// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;

/**
 * How 256 columns of a row of a format become bytes and scales: what the code of one token ({@link GemvCode}) and the
 * code that makes panels for many ({@link PanelCode}) both know of the format. rdi points at the group's bytes. It may
 * keep constants in ymm8 to ymm13, and use ymm5 to ymm7 and what its methods name.
 */
interface Group {
    int COLS = 256;

    /** Bytes of 256 columns; the last group of a row may have fewer. */
    int bytes();

    /** Loads constants. */
    default void begin(X86Assembler a, Constants constants) {}

    /** ymm5 = columns [32 v, 32 v + 32) as bytes. */
    void columns(X86Assembler a, int v);

    /**
     * ymm5 = the scales of sums [8 part, 8 part + 8); ymm6 = their offsets, if it has them. May use ymm2 to ymm7 and rax.
     */
    void scales(X86Assembler a, int part);

    /** No byte is greater in magnitude; so many fit into 16-bit sums of products with [-127, 127]. */
    int greatest();

    /** Whether the bytes of {@link #columns} are signed. */
    default boolean isSigned() {
        return false;
    }

    /** A byte stands for itself less this: 0, or a power of two. */
    default int zero() {
        return 0;
    }

    /** True if a weight is scale * q - offset. */
    default boolean hasOffsets() {
        return false;
    }

    /** Columns of one sum: 32 or 16. */
    default int sumCols() {
        return 32;
    }

    /** How often eight sums come. */
    default int parts() {
        return COLS / sumCols() / 8;
    }

    /** By how much -128 * (sum of q) is shifted right to make -{@link #zero} times it. */
    default int correctionShift() {
        return 7 - Integer.numberOfTrailingZeros(zero());
    }
}
