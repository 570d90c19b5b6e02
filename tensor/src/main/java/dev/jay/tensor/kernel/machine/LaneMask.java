// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Reg.RAX;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** A mask of a vector's first lanes, for what is left of a row. */
final class LaneMask {
    private LaneMask() {}

    /** Of so many lanes, fewer than 32. Uses eax. */
    static void first(X86Assembler a, Reg mask, int lanes) {
        a.emit(MOV, RAX.low32(), imm((1 << lanes) - 1)).emit(KMOVD, mask, RAX.low32());
    }
}
