// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * How a format's weights become bf16: the part of {@link UnpackCode} that knows the format. rdi points at the current
 * block. It may use zmm1 to zmm5 and zmm20 to zmm23 for constants, and zmm16 to zmm19, zmm24 to zmm31,
 * rax, k3 and k4 for the rest.
 */
interface Unpack {
    /** Bytes of a block. */
    int blockBytes();

    /** Columns of a block, a multiple of 32. */
    int blockCols();

    /** Loads constants; once a call. */
    void begin(X86Assembler a, Constants constants);

    /** Gives the block's weights to {@link UnpackCode#store}, 32 at a time. */
    void block(UnpackCode code);
}
