// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.IMUL;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * out = out * keep + the sum of weight * value over the slots that a query sees: slots of even and of odd distance from
 * the first one in two sums, added at the end.
 */
final class WeighCode {
    private static final int PARTS = 8; // vectors of sixteen at once

    private final X86Assembler a;
    private final KvLoad load;
    private final int width;

    WeighCode(X86Assembler a, KvLoad load, int width) {
        this.a = a;
        this.load = load;
        this.width = width;
    }

    /**
     * For the out at r15, the weights of slots [r8, r9) at r10 + 4 * slot, and values at r11 + rcx * slot; zmm5 = keep;
     * k4 has no lane (nor k3, for a short part) where out holds nothing yet; k5 has the lanes of a last, short part.
     * Uses rax, rdx, rsi, r11, zmm0 to zmm3 and zmm16 to zmm31.
     */
    void emit() {
        a.emit(MOV, RAX, R8).emit(IMUL, RAX, RCX).emit(ADD, R11, RAX);
        for (int part = 0; part * 16 < width; part += PARTS) {
            block(part, Math.min(PARTS, Math.ceilDiv(width, 16) - part));
        }
    }

    private boolean isShort(int part) {
        return width < 16 * (part + 1);
    }

    private void block(int first, int parts) {
        Label next = a.label();
        Label odd = a.label();
        Label end = a.label();
        for (int i = 0; i < parts; i++) {
            Reg kept = zmm(16 + i).zero(isShort(first + i) ? k(3) : k(4));
            a.emit(VMULPS, kept, zmm(5), mem(R15, 64 * (first + i)));
            a.emit(VPXORD, zmm(24 + i), zmm(24 + i), zmm(24 + i));
        }
        a.emit(LEA, RDX, mem(R10, R8, 4, 0))
                .emit(MOV, RSI, R11)
                .emit(MOV, RAX, R9)
                .emit(SUB, RAX, R8);
        a.emit(SUB, RAX, imm(2)).jump(Condition.LESS, odd);
        a.align(32).bind(next);
        a.emit(VBROADCASTSS, zmm(0), mem(RDX, 0)).emit(VBROADCASTSS, zmm(1), mem(RDX, 4));
        for (int i = 0; i < parts; i++) {
            add(zmm(16 + i), zmm(0), first + i, false);
            add(zmm(24 + i), zmm(1), first + i, true);
        }
        a.emit(ADD, RDX, imm(8)).emit(LEA, RSI, mem(RSI, RCX, 2, 0));
        a.emit(SUB, RAX, imm(2)).jump(Condition.NOT_LESS, next);
        a.bind(odd).emit(CMP, RAX, imm(-2)).jump(Condition.ZERO, end);
        a.emit(VBROADCASTSS, zmm(0), mem(RDX, 0));
        for (int i = 0; i < parts; i++) add(zmm(16 + i), zmm(0), first + i, false);
        a.bind(end);
        for (int i = 0; i < parts; i++) {
            Mem out = mem(R15, 64 * (first + i));
            a.emit(VADDPS, zmm(16 + i), zmm(16 + i), zmm(24 + i));
            a.emit(VMOVUPS, isShort(first + i) ? out.mask(k(5)) : out, zmm(16 + i));
        }
    }

    /** One slot's share of one part. */
    private void add(Reg sum, Reg weight, int part, boolean isSecond) {
        int at = part * load.bytes();
        Mem value = isSecond ? mem(RSI, RCX, 1, at) : mem(RSI, at);
        if (load == KvLoad.F32 && !isShort(part)) {
            a.emit(VFMADD231PS, sum, weight, value);
            return;
        }
        Reg to = zmm(isSecond ? 3 : 2);
        load.load(a, isShort(part) ? to.zero(k(5)) : to, value);
        a.emit(VFMADD231PS, sum, weight, to);
    }
}
