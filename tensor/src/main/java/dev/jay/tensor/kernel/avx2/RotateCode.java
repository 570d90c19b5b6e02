// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMASKMOVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSHDUP;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSLDUP;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPERMQ;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VSHUFPS;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Set;

/** Rotary positions: x, heads, dim, rotaryDim, table, bytes from a head's angles to the next's in rdi to r9. */
final class RotateCode {
    private static final int SIGN = 0x80000000;

    private RotateCode() {}

    /** Pairs side by side, as in the table. */
    static byte[] interleaved(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Strips strips = new Strips(a, constants);
        Mem signs = constants.ints(SIGN, 0, SIGN, 0, SIGN, 0, SIGN, 0);
        a.emit(ENDBR64);
        heads(
                a,
                () -> strips.loop(RCX, s -> {
                    s.load(ymm(0), RDI);
                    s.load(ymm(1), R8);
                    a.emit(VMOVSLDUP, ymm(2), ymm(1)).emit(VMOVSHDUP, ymm(1), ymm(1));
                    a.emit(VPSHUFD, ymm(3), ymm(0), imm(0xB1)).emit(VMULPS, ymm(3), ymm(3), ymm(1));
                    a.emit(VXORPS, ymm(3), ymm(3), signs).emit(VFMADD231PS, ymm(3), ymm(0), ymm(2));
                    s.store(RDI, ymm(3));
                }));
        return end(a, constants);
    }

    /** First halves of pairs, then second halves. */
    static byte[] halves(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Strips strips = new Strips(a, constants);
        Mem sign = Exp.each(constants, SIGN);
        a.emit(ENDBR64).emit(PUSH, RBX).emit(SHR, RCX, imm(1));
        heads(a, () -> {
            a.emit(LEA, RBX, mem(RDI, RCX, 4, 0));
            strips.loop(RCX, s -> {
                table(a, strips, s.isRest);
                s.load(ymm(0), RDI);
                s.load(ymm(1), RBX);
                a.emit(VMULPS, ymm(4), ymm(1), ymm(3)).emit(VMULPS, ymm(5), ymm(1), ymm(2));
                a.emit(VXORPS, ymm(4), ymm(4), sign);
                a.emit(VFMADD231PS, ymm(4), ymm(0), ymm(2)).emit(VFMADD231PS, ymm(5), ymm(0), ymm(3));
                s.store(RDI, ymm(4));
                s.store(RBX, ymm(5));
            });
        });
        a.emit(POP, RBX);
        return end(a, constants);
    }

    /** ymm2 = cosines, ymm3 = sines, of pairs at rax / 4; of the rest there are r11. */
    private static void table(X86Assembler a, Strips strips, boolean isRest) {
        Mem first = mem(R8, RAX, 2, 0);
        Mem second = mem(R8, RAX, 2, 32);
        if (isRest) {
            a.emit(ADD, R11, R11); // twice as many values
            strips.mask(ymm(6), ymm(7));
            a.emit(VMASKMOVPS, ymm(0), ymm(6), first).emit(VMASKMOVPS, ymm(1), ymm(7), second);
        } else {
            a.emit(VMOVUPS, ymm(0), first).emit(VMOVUPS, ymm(1), second);
        }
        a.emit(VSHUFPS, ymm(2), ymm(0), ymm(1), imm(0x88)).emit(VPERMQ, ymm(2), ymm(2), imm(0xD8));
        a.emit(VSHUFPS, ymm(3), ymm(0), ymm(1), imm(0xDD)).emit(VPERMQ, ymm(3), ymm(3), imm(0xD8));
    }

    private static void heads(X86Assembler a, Runnable head) {
        Label next = a.label();
        Label none = a.label();
        a.emit(SHL, RDX, imm(2)).emit(TEST, RSI, RSI).jump(Condition.ZERO, none).bind(next);
        head.run();
        a.emit(ADD, RDI, RDX)
                .emit(ADD, R8, R9)
                .emit(DEC, RSI)
                .jump(Condition.NOT_ZERO, next)
                .bind(none);
    }

    private static byte[] end(X86Assembler a, Constants constants) {
        a.emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }
}
