// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * How one row of a format is multiplied by rows of x, sixteen sums at a time: the part of the decode kernel that knows the
 * format. Where things are: rdi points at the group's bytes, r8 + rdx at the row of x's c (where a sum has 16 columns, c16
 * at r8 + 2 * rdx). It may use zmm1 to zmm5, zmm20 to zmm23 and k2 to k7 for constants, and zmm16 to zmm19 for the rest.
 */
interface Group {
    /** Bytes of 16 sums' weights; the last group of a row may have fewer. */
    int bytes();

    /** Columns of a group. */
    int cols();

    /** Loads constants; once a call. May use rax. */
    void begin(X86Assembler a, Constants constants);

    /** Vectors of 64 weights. */
    default int vectors() {
        return cols() / 64;
    }

    /** zmm19 = the v-th vector, as unsigned bytes. Asked for in order; zmm16 to zmm18 are kept from one to the next. */
    void weights(X86Assembler a, int v);

    /** Which of {@link Groups#sum} the v-th vector times x is added to; a new one begins with the first that names it. */
    default int sum(int v) {
        return v;
    }

    /** zmm16 = the 16 sums as ints, made of the vectors' sums and c. */
    void fold(X86Assembler a);

    /** zmm17 = the sums' scales of w; zmm18 = their offsets, if it has them. */
    void scales(X86Assembler a);

    /** True if it takes x as {@link SplitCode} lays it out. */
    default boolean isSplit() {
        return false;
    }

    /** True if a weight is scale * q - offset. */
    default boolean hasOffsets() {
        return false;
    }

    /** Columns of one sum. */
    default int sumCols() {
        return cols() / 16;
    }
}
