// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.R14;
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
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * The sums of {@link Bf16TileCode}, {@code [group of rows][group of tokens][two of rows][two of tokens][row: 16][token:
 * 16]}, to y[token][row]: eight tokens at a time along all the rows, for what goes to far memory in long runs goes there
 * several times faster than in pieces of a group.
 */
final class Bf16TurnCode {
    /** Places in the block of arguments. */
    static final int C = 0;

    static final int C_STRIDE = 1; // bytes from a group of rows to the next
    static final int ROW_GROUPS = 2;
    static final int LAST_ROWS = 3; // a bit for each of the 32 of the last group
    static final int Y = 4;
    static final int Y_STRIDE = 5; // bytes
    static final int TOKENS = 6; // at least 1

    private static final int TOGETHER = 8; // tokens
    private static final Reg[] SAVED = {RBX, R12, R13, R14};

    private final X86Assembler a;

    private Bf16TurnCode(Set<String> features) {
        this.a = new X86Assembler(features);
    }

    static byte[] build(Set<String> features) {
        return new Bf16TurnCode(features).build();
    }

    private byte[] build() {
        Label group = a.label();
        Label done = a.label();
        a.emit(ENDBR64);
        for (Reg r : SAVED) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI).emit(MOV, RDX, mem(RBX, 8 * C)).emit(MOV, R11, mem(RBX, 8 * Y));
        a.emit(MOV, R9, mem(RBX, 8 * TOKENS)).emit(MOV, R10, mem(RBX, 8 * C_STRIDE));
        a.emit(MOV, R8, mem(RBX, 8 * Y_STRIDE)).emit(LEA, R12, mem(R8, R8, 2, 0));
        a.emit(LEA, R13, mem(R8, R8, 4, 0)).emit(LEA, R14, mem(R12, R8, 4, 0));
        a.bind(group);
        for (int eight = 0; eight < Bf16TileCode.GROUP / TOGETHER; eight++) {
            tokens(eight);
            a.emit(LEA, R11, mem(R11, R8, 8, 0));
            a.emit(CMP, R9, imm(TOGETHER * (eight + 1L))).jump(Condition.NOT_GREATER, done);
        }
        a.emit(ADD, RDX, imm(Bf16TileCode.SUM_BYTES)).emit(SUB, R9, imm(Bf16TileCode.GROUP));
        a.jump(group).bind(done);
        a.emit(VZEROUPPER);
        for (int i = SAVED.length - 1; i >= 0; i--) a.emit(POP, SAVED[i]);
        return a.emit(RET).finish();
    }

    /** All rows of the eight tokens, or of as many of them as there are. */
    private void tokens(int eight) {
        Label rows = a.label();
        Label whole = a.label();
        a.emit(MOV, RSI, RDX).emit(ADD, RSI, imm((long) eight / 2 * Tiles.BYTES + eight % 2 * 4L * TOGETHER));
        a.emit(MOV, RDI, R11).emit(MOV, RCX, mem(RBX, 8 * ROW_GROUPS));
        a.align(32).bind(rows);
        a.emit(MOV, RAX, imm(-1)).emit(CMP, RCX, imm(1)).jump(Condition.NOT_ZERO, whole);
        a.emit(MOV, RAX, mem(RBX, 8 * LAST_ROWS));
        a.bind(whole).emit(KMOVD, k(1), RAX.low32()).emit(SHR, RAX, imm(16)).emit(KMOVD, k(2), RAX.low32());
        for (int i = 0; i < 2; i++) {
            Label enough = a.label();
            int from = 2 * i * Tiles.BYTES;
            PanelCode.transpose32(a, r -> mem(RSI, from + Tiles.ROW_BYTES * r));
            for (int t = 0; t < TOGETHER; t++) {
                a.emit(VMOVUPS, y(t, 64 * i).mask(k(1 + i)), zmm(24 + t));
                if (t == TOGETHER - 1) break;
                a.emit(CMP, R9, imm(TOGETHER * eight + t + 1)).jump(Condition.NOT_GREATER, enough);
            }
            a.bind(enough);
        }
        a.emit(ADD, RSI, R10).emit(ADD, RDI, imm(4L * Bf16TileCode.GROUP));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, rows);
    }

    /** Of the token that is so many after the first of eight. */
    private static Mem y(int token, int at) {
        return switch (token) {
            case 0 -> mem(RDI, at);
            case 1, 2, 4 -> mem(RDI, R8, token, at);
            case 3, 6 -> mem(RDI, R12, token / 3, at);
            case 5 -> mem(RDI, R13, 1, at);
            default -> mem(RDI, R14, 1, at);
        };
    }
}
