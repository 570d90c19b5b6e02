// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVQ;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFF32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.AND;
import static dev.jay.tensor.asm.x86.Integers.BZHI;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Instruction;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * A loop over f32 values, sixteen at a time, and what is left under a mask, by the same instructions: a value's result
 * does not depend on where it stands. Uses rax, r10, r11 and k1.
 */
final class Strips {
    private Strips() {}

    /** What is done to one vector. */
    interface Body {
        void emit(Strip strip);
    }

    /** Whole vectors, or the rest. */
    record Strip(boolean isRest) {
        /** Lanes that are not there become zero, and are not read. */
        Reg zero(Reg to) {
            return isRest ? to.zero(k(1)) : to;
        }

        /** Lanes that are not there keep what the register held. */
        Reg keep(Reg to) {
            return isRest ? to.mask(k(1)) : to;
        }

        Mem load(Reg base) {
            return mem(base, RAX, 1, 0);
        }

        Mem store(Reg base) {
            return isRest ? load(base).mask(k(1)) : load(base);
        }
    }

    /** For {@code count} values, which may be 0, in a register that is none of those used here and keeps its value. */
    static void loop(X86Assembler a, Reg count, Body body) {
        Label next = a.label();
        Label rest = a.label();
        Label end = a.label();
        a.emit(XOR, RAX.low32(), RAX.low32()).emit(MOV, R11, count);
        a.emit(SHR, R11, imm(4)).jump(Condition.ZERO, rest);
        a.align(32).bind(next);
        body.emit(new Strip(false));
        a.emit(ADD, RAX, imm(64)).emit(DEC, R11).jump(Condition.NOT_ZERO, next);
        a.bind(rest).emit(MOV, R11, count).emit(AND, R11, imm(15)).jump(Condition.ZERO, end);
        a.emit(MOV, R10, imm(-1)).emit(BZHI, R10, R10, R11).emit(KMOVQ, k(1), R10);
        body.emit(new Strip(true));
        a.bind(end);
    }

    /** Every lane gets the sum, the greatest, the least of all lanes, by halves: the same bits in each lane. */
    static void fold(X86Assembler a, Instruction by, Reg lanes, Reg spare) {
        a.emit(VSHUFF32X4, spare, lanes, lanes, imm(0x4E)).emit(by, lanes, lanes, spare);
        a.emit(VSHUFF32X4, spare, lanes, lanes, imm(0xB1)).emit(by, lanes, lanes, spare);
        a.emit(VPSHUFD, spare, lanes, imm(0x4E)).emit(by, lanes, lanes, spare);
        a.emit(VPSHUFD, spare, lanes, imm(0xB1)).emit(by, lanes, lanes, spare);
    }
}
