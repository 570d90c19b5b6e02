// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

/** Which operand goes into which field of the encoding: the register field, the extra register, register-or-memory. */
public enum Form {
    /** Nothing is encoded; the operands, if any, are implied. */
    NONE(-1, -1, -1),
    /** A register in the low bits of the opcode. */
    O(-1, -1, -1),
    /** A register in the register field alone. */
    R(0, -1, -1),
    /** Register or memory; the register field extends the opcode. */
    M(-1, -1, 0),
    RM(0, -1, 1),
    MR(1, -1, 0),
    RVM(0, 1, 2),
    RMV(0, 2, 1),
    MVR(2, 1, 0),
    /** A register and register or memory; the register field extends the opcode. */
    VM(-1, 0, 1);

    final int reg;
    final int extra;
    final int rm;

    Form(int reg, int extra, int rm) {
        this.reg = reg;
        this.extra = extra;
        this.rm = rm;
    }
}
