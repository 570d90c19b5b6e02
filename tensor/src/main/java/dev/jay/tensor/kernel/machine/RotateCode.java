// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VPERMT2D;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.BZHI;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSHDUP;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSLDUP;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/** Rotary positions: x, heads, dim, rotaryDim, table, bytes from a head's angles to the next's in rdi to r9. */
final class RotateCode {
    private static final int SIGN = 0x80000000;

    private RotateCode() {}

    /** Pairs side by side, as in the table. */
    static byte[] interleaved(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Mem signs = constants.ints(SIGN, 0, SIGN, 0, SIGN, 0, SIGN, 0, SIGN, 0, SIGN, 0, SIGN, 0, SIGN, 0);
        a.emit(ENDBR64).emit(VMOVUPS, zmm(31), signs);
        heads(
                a,
                () -> Strips.loop(a, RCX, s -> {
                    a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI));
                    a.emit(VMOVSLDUP, s.zero(zmm(18)), s.load(R8)).emit(VMOVSHDUP, s.zero(zmm(17)), s.load(R8));
                    a.emit(VPSHUFD, zmm(19), zmm(16), imm(0xB1)).emit(VMULPS, zmm(19), zmm(19), zmm(17));
                    a.emit(VXORPS, zmm(19), zmm(19), zmm(31)).emit(VFMADD231PS, zmm(19), zmm(16), zmm(18));
                    a.emit(VMOVUPS, s.store(RDI), zmm(19));
                }));
        return end(a, constants);
    }

    /** First halves of pairs, then second halves. */
    static byte[] halves(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Mem even = constants.ints(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        Mem odd = constants.ints(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
        a.emit(ENDBR64).emit(VMOVUPS, zmm(31), even).emit(VMOVUPS, zmm(30), odd);
        a.emit(PUSH, RBX).emit(SHR, RCX, imm(1));
        heads(a, () -> {
            a.emit(LEA, RBX, mem(RDI, RCX, 4, 0));
            Strips.loop(a, RCX, s -> {
                table(a, s);
                a.emit(VMOVUPS, s.zero(zmm(20)), s.load(RDI)).emit(VMOVUPS, s.zero(zmm(21)), s.load(RBX));
                a.emit(VMULPS, zmm(22), zmm(21), zmm(19)).emit(VMULPS, zmm(23), zmm(21), zmm(18));
                a.emit(VXORPS, zmm(22), zmm(22), constants.each(SIGN));
                a.emit(VFMADD231PS, zmm(22), zmm(20), zmm(18)).emit(VFMADD231PS, zmm(23), zmm(20), zmm(19));
                a.emit(VMOVUPS, s.store(RDI), zmm(22)).emit(VMOVUPS, s.store(RBX), zmm(23));
            });
        });
        a.emit(POP, RBX);
        return end(a, constants);
    }

    /** zmm18 = cosines, zmm19 = sines, of pairs at rax / 4. */
    private static void table(X86Assembler a, Strips.Strip s) {
        Mem first = mem(R8, RAX, 2, 0);
        Mem second = mem(R8, RAX, 2, 64);
        if (s.isRest()) { // of r11 pairs: twice as many values
            a.emit(ADD, R11, R11)
                    .emit(MOV, R10, imm(-1))
                    .emit(BZHI, R10, R10, R11)
                    .emit(KMOVW, k(2), R10.low32());
            a.emit(SHR, R10, imm(16)).emit(KMOVW, k(3), R10.low32());
            a.emit(VMOVUPS, zmm(18).zero(k(2)), first).emit(VMOVUPS, zmm(17).zero(k(3)), second);
        } else {
            a.emit(VMOVUPS, zmm(18), first).emit(VMOVUPS, zmm(17), second);
        }
        a.emit(VMOVUPS, zmm(19), zmm(18));
        a.emit(VPERMT2D, zmm(18), zmm(31), zmm(17)).emit(VPERMT2D, zmm(19), zmm(30), zmm(17));
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
