// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.x86.Reg;

/**
 * How {@link GemmCode} comes by the exact sums of a block: of a record of a panel at rdi by a group's q at rsi. All ways
 * give the same integers. They may use rax and zmm18 to zmm27; the place for parts is at r9.
 */
interface Products {
    /** Once a call. */
    void enter();

    /** Multiplies the block at rdi and rsi. Where products {@link #comeLater}, two blocks have turns, 0 and 1. */
    void begin(int turn);

    /** True if {@link #end} is to follow, at the latest moment. */
    boolean comeLater();

    /** Makes ready what {@link #begin} began. */
    void end(int turn);

    /** Has a token's sums in a register, as floats. */
    Reg sum(int turn, int token);

    /** Before the call returns. */
    void leave();
}
