// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * How one row of a format is multiplied by one row of x, sixteen sums at a time: the part of the decode kernel that
 * knows the format. Where things are: rdi points at the group's bytes and rsi at its q; the group's planes are at
 * rcx + rdx (d), r8 + rdx (c; where a sum has 16 columns, c16 at r8 + 2 * rdx) and r9 + rdx (xs). It may use zmm1 to
 * zmm5, zmm20 to zmm23 and k2 to k7 for constants, and rax, zmm16 to zmm19 and zmm24 to zmm31 for the rest.
 */
interface Group {
    /** Bytes of 16 sums' weights; the last group of a row may have fewer. */
    int bytes();

    /** Columns of a group. */
    int cols();

    /** Loads constants; once a call. */
    void begin(X86Assembler a, Constants constants);

    /** zmm16 = the 16 sums as ints, zmm17 = their scales of w; zmm18 = their offsets, if it has them. */
    void sums(X86Assembler a);

    /** True if a weight is scale * q - offset. */
    default boolean hasOffsets() {
        return false;
    }

    /** Columns of one sum. */
    default int sumCols() {
        return cols() / 16;
    }
}
