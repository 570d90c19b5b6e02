// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFF32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKHPS;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKLPS;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Instruction;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * A query times sixteen rows of keys. Lane d mod 16 of a sum takes d in order; the lanes of a sum are then added in a
 * tree. Rows lie in their format or, decoded, as f32: the bits are the same.
 */
final class ScoreCode {
    private static final int ROWS = 16;
    private static final int SUMS = 16; // zmm16 to zmm31

    private final X86Assembler a;
    private final KvLoad load;
    private final int width;

    ScoreCode(X86Assembler a, KvLoad load, int width) {
        this.a = a;
        this.load = load;
        this.width = width;
    }

    /**
     * zmm16 = products with the query at r14 of the rows at rdx, rax apart; k6 has the lanes of a last, short part.
     * Uses rdx, rcx, rsi, rdi, r8, r10, r11, zmm0 to zmm3 and zmm16 to zmm31.
     */
    void emit() {
        a.emit(LEA, R10, mem(RAX, RAX, 2, 0)).emit(LEA, R11, mem(RAX, RAX, 4, 0));
        a.emit(LEA, RCX, mem(R10, RAX, 4, 0)).emit(LEA, RSI, mem(RDX, RAX, 8, 0));
        for (int i = 0; i < ROWS; i++) a.emit(VPXORD, zmm(SUMS + i), zmm(SUMS + i), zmm(SUMS + i));
        a.emit(MOV, RDI, R14);
        if (width >= 16) {
            Label next = a.label();
            a.emit(LEA, R8, mem(R14, width / 16 * 64));
            a.align(32).bind(next);
            a.emit(VMOVUPS, zmm(0), mem(RDI, 0));
            for (int i = 0; i < ROWS; i++) product(i);
            a.emit(ADD, RDI, imm(64)).emit(ADD, RDX, imm(load.bytes())).emit(ADD, RSI, imm(load.bytes()));
            a.emit(CMP, RDI, R8).jump(Condition.BELOW, next);
        }
        if (width % 16 != 0) {
            a.emit(VMOVUPS, zmm(0).zero(k(6)), mem(RDI, 0));
            for (int i = 0; i < ROWS; i++) {
                Reg part = zmm(1 + i % 3);
                load.load(a, part.zero(k(6)), row(i));
                a.emit(VFMADD231PS, zmm(SUMS + i), zmm(0), part);
            }
        }
        addLanes();
    }

    private void product(int i) {
        if (load == KvLoad.F32) {
            a.emit(VFMADD231PS, zmm(SUMS + i), zmm(0), row(i));
            return;
        }
        Reg part = zmm(1 + i % 3);
        load.load(a, part, row(i));
        a.emit(VFMADD231PS, zmm(SUMS + i), zmm(0), part);
    }

    /** Row i from rdx (the first eight) or rsi. */
    static Mem row(int i) {
        Reg base = i < 8 ? RDX : RSI;
        return switch (i % 8) {
            case 0 -> mem(base, 0);
            case 1 -> mem(base, RAX, 1, 0);
            case 2 -> mem(base, RAX, 2, 0);
            case 3 -> mem(base, R10, 1, 0);
            case 4 -> mem(base, RAX, 4, 0);
            case 5 -> mem(base, R11, 1, 0);
            case 6 -> mem(base, R10, 2, 0);
            default -> mem(base, RCX, 1, 0);
        };
    }

    /** Lane i of zmm16 = the sum of the lanes of zmm(16 + i). */
    private void addLanes() {
        for (int i = 0; i < 16; i += 2) halve(VUNPCKLPS, VUNPCKHPS, i, i + 1);
        for (int i = 0; i < 16; i += 4) halve(VPUNPCKLQDQ, VPUNPCKHQDQ, i, i + 2);
        for (int i = 0; i < 16; i += 8) halveQuarters(i, i + 4);
        halveQuarters(0, 8);
    }

    private void halve(Instruction low, Instruction high, int i, int j) {
        a.emit(low, zmm(1), zmm(SUMS + i), zmm(SUMS + j)).emit(high, zmm(2), zmm(SUMS + i), zmm(SUMS + j));
        a.emit(VADDPS, zmm(SUMS + i), zmm(1), zmm(2));
    }

    private void halveQuarters(int i, int j) {
        a.emit(VSHUFF32X4, zmm(1), zmm(SUMS + i), zmm(SUMS + j), imm(0x88));
        a.emit(VSHUFF32X4, zmm(2), zmm(SUMS + i), zmm(SUMS + j), imm(0xDD));
        a.emit(VADDPS, zmm(SUMS + i), zmm(1), zmm(2));
    }
}
