// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Amx.LDTILECFG;
import static dev.jay.tensor.asm.x86.Amx.TDPBF16PS;
import static dev.jay.tensor.asm.x86.Amx.TILELOADD;
import static dev.jay.tensor.asm.x86.Amx.TILERELEASE;
import static dev.jay.tensor.asm.x86.Amx.TILESTORED;
import static dev.jay.tensor.asm.x86.Amx.TILEZERO;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.tmm;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Blocks of 32 rows by 32 columns, one below the other: four tiles of sums, two by two. Tiles of the left factor are
 * [16][k: 32], of the right one [k / 2][16][2]; a panel is its tiles, in the order of k. Tiles are configured on entry
 * and given back on return, so that none is ever alive in Java.
 */
final class Bf16GemmCode {
    /** Places in the block of arguments. */
    static final int A = 0;

    static final int A_PANEL_BYTES = 1; // from a panel of a to the next
    static final int B = 2;
    static final int B_PANEL_BYTES = 3;
    static final int STEPS = 4; // of 32 of k
    static final int C = 5;
    static final int C_STRIDE = 6; // bytes
    static final int BLOCKS = 7;
    static final int ADDED = 8; // 0: c is only written

    private static final int TILE_BYTES = 1024;
    private static final Reg[] SUMS = {tmm(0), tmm(1), tmm(2), tmm(3)}; // of rows 0 and 16 by columns 0 and 16
    private static final Reg[] KEPT = {RBX, RBP, R12, R13, R14, R15};

    private final X86Assembler a;

    private Bf16GemmCode(Set<String> features) {
        this.a = new X86Assembler(features);
    }

    static byte[] build(Set<String> features) {
        return new Bf16GemmCode(features).build();
    }

    private byte[] build() {
        Constants constants = new Constants(a);
        Label block = a.label();
        Label fresh = a.label();
        Label loaded = a.label();
        Label step = a.label();
        a.emit(ENDBR64);
        for (Reg r : KEPT) a.emit(PUSH, r);
        a.emit(LDTILECFG, constants.ints(configuration()));
        a.emit(MOV, RSI, mem(RDI, 8 * A)).emit(MOV, R8, mem(RDI, 8 * A_PANEL_BYTES));
        a.emit(MOV, R9, mem(RDI, 8 * B_PANEL_BYTES)).emit(MOV, RDX, mem(RDI, 8 * C));
        a.emit(MOV, RCX, mem(RDI, 8 * C_STRIDE)).emit(MOV, R13, mem(RDI, 8 * BLOCKS));
        a.emit(MOV, RAX.low32(), imm(64)); // from row to row of a packed tile
        a.bind(block);
        a.emit(MOV, R10, RSI).emit(LEA, R11, mem(RSI, R8, 1, 0));
        a.emit(MOV, RBP, mem(RDI, 8 * B)).emit(LEA, R12, mem(RBP, R9, 1, 0));
        a.emit(MOV, R14, mem(RDI, 8 * STEPS));
        a.emit(MOV, R15, RCX).emit(SHL, R15, imm(4)).emit(ADD, R15, RDX); // sixteen rows on
        a.emit(MOV, RBX, mem(RDI, 8 * ADDED)).emit(TEST, RBX, RBX).jump(Condition.ZERO, fresh);
        for (int i = 0; i < 4; i++) a.emit(TILELOADD, SUMS[i], sums(i));
        a.jump(loaded);
        a.bind(fresh);
        for (Reg sum : SUMS) a.emit(TILEZERO, sum);
        a.bind(loaded).align(32).bind(step);
        a.emit(TILELOADD, tmm(4), mem(R10, RAX, 1, 0)).emit(TILELOADD, tmm(6), mem(RBP, RAX, 1, 0));
        a.emit(TILELOADD, tmm(7), mem(R12, RAX, 1, 0)).emit(TILELOADD, tmm(5), mem(R11, RAX, 1, 0));
        a.emit(TDPBF16PS, SUMS[0], tmm(4), tmm(6)).emit(TDPBF16PS, SUMS[1], tmm(4), tmm(7));
        a.emit(TDPBF16PS, SUMS[2], tmm(5), tmm(6)).emit(TDPBF16PS, SUMS[3], tmm(5), tmm(7));
        for (Reg r : new Reg[] {R10, R11, RBP, R12}) a.emit(ADD, r, imm(TILE_BYTES));
        a.emit(DEC, R14).jump(Condition.NOT_ZERO, step);
        for (int i = 0; i < 4; i++) a.emit(TILESTORED, sums(i), SUMS[i]);
        a.emit(LEA, RSI, mem(RSI, R8, 2, 0));
        a.emit(MOV, R15, RCX).emit(SHL, R15, imm(5)).emit(ADD, RDX, R15);
        a.emit(DEC, R13).jump(Condition.NOT_ZERO, block);
        a.emit(TILERELEASE);
        for (int i = KEPT.length - 1; i >= 0; i--) a.emit(POP, KEPT[i]);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    private static Mem sums(int i) {
        return mem(i < 2 ? RDX : R15, RCX, 1, 64 * (i % 2));
    }

    /** Palette 1; at byte 16 the bytes of a row of each tile, at byte 48 its rows: all eight are 16 by 64. */
    private static int[] configuration() {
        int[] words = new int[16];
        words[0] = 1;
        for (int i = 4; i < 8; i++) words[i] = 64 << 16 | 64;
        for (int i = 12; i < 14; i++) words[i] = 0x10101010;
        return words;
    }
}
