// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** The last, short group of a row goes to a zeroed place before it is read, so that nothing past the row is. */
final class Tail {
    private Tail() {}

    /** Bytes of the place. */
    static long placeBytes(Group group) {
        return Math.ceilDiv(group.bytes(), 64) * 64L;
    }

    /** Bytes of a row after its whole groups; a short group is a block of 18 bytes or more. */
    static long bytes(Group group, long rowBytes, int cols) {
        return rowBytes - (long) (cols / Group.COLS) * group.bytes();
    }

    /** Copies {@code count} bytes, at least 16 of them, from rdi to rax; count, rdi, rax and xmm6 are lost. */
    static void copy(X86Assembler a, Reg count) {
        Label next = a.label();
        a.bind(next).emit(VMOVDQU, xmm(6), mem(RDI, 0)).emit(VMOVDQU, mem(RAX, 0), xmm(6));
        a.emit(ADD, RDI, imm(16)).emit(ADD, RAX, imm(16)).emit(SUB, count, imm(16));
        a.emit(CMP, count, imm(16)).jump(Condition.AT_LEAST, next);
        a.emit(ADD, RDI, count).emit(ADD, RAX, count); // the last sixteen, some of them again
        a.emit(VMOVDQU, xmm(6), mem(RDI, -16)).emit(VMOVDQU, mem(RAX, -16), xmm(6));
    }
}
