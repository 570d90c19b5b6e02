// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Amx.TDPBF16PS;
import static dev.jay.tensor.asm.x86.Amx.TILELOADD;
import static dev.jay.tensor.asm.x86.Amx.TILELOADDT1;
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
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT0;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.tmm;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * 32 rows of w, made bf16 by {@link UnpackCode}, times groups of 32 tokens in {@link Bf16Form}, over some of the columns:
 * two tiles of rows by two of tokens, whose four sums are continued from call to call in c, four tiles a group.
 * Tokens come from the second-level cache past the first, which the rows of w fill; the next group's sums and the rows of
 * w that are next are fetched meanwhile. For a last group of at most 16 tokens there is a function
 * that makes two.
 */
final class Bf16TileCode {
    /** Places in the block of arguments. */
    static final int ROWS_OF_W = 0;

    static final int X = 1;
    static final int C = 2;
    static final int STEPS = 3; // of 32 columns
    static final int TOKENS = 4; // of all groups together
    static final int BEGINS = 5; // 1: the sums begin at zero
    static final int NEXT = 6; // what to fetch towards the cache: rows of w that are next
    static final int NEXT_STRIDE = 7; // bytes from row to row
    static final int NEXT_STEP = 8; // bytes of a row that go with a step
    static final int NEXT_GROUP = 9; // bytes from the first of two rows that go with a group to the next group's

    static final int GROUP = 32; // rows, and tokens
    static final int SUM_BYTES = 4 * Tiles.BYTES; // of c for a group

    /** Of the next group's c, what is fetched in a step: all of it in as many steps as there are mostly. */
    private static final int SUMS_A_STEP = SUM_BYTES * Bf16Form.STEP / Bf16Form.COLS;

    private final X86Assembler a;
    private final int across; // tiles of tokens
    private final Constants constants;

    private Bf16TileCode(int across, Set<String> features) {
        this.across = across;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    static byte[] build(int across, Set<String> features) {
        return new Bf16TileCode(across, features).build();
    }

    private static Reg sum(int down, int across) {
        return tmm(2 * down + across);
    }

    private static Mem tile(Reg base, int i) {
        return mem(base, RAX, 1, i * Tiles.BYTES);
    }

    private byte[] build() {
        Label group = a.label();
        Label fresh = a.label();
        Label begun = a.label();
        Label step = a.label();
        a.emit(ENDBR64).emit(PUSH, RBX).emit(PUSH, R12).emit(MOV, RBX, RDI);
        Tiles.configure(a, constants);
        a.emit(MOV, RAX.low32(), imm(Tiles.ROW_BYTES))
                .emit(MOV, RSI, mem(RBX, 8 * X))
                .emit(MOV, RDX, mem(RBX, 8 * C));
        a.emit(MOV, R12, mem(RBX, 8 * NEXT)).emit(MOV, R9, mem(RBX, 8 * TOKENS));
        a.bind(group).emit(MOV, RDI, mem(RBX, 8 * ROWS_OF_W)).emit(MOV, RCX, mem(RBX, 8 * STEPS));
        a.emit(MOV, R8, mem(RBX, 8 * BEGINS)).emit(TEST, R8, R8).jump(Condition.NOT_ZERO, fresh);
        sums((tile, at) -> a.emit(TILELOADD, tile, tile(RDX, at)));
        a.jump(begun).bind(fresh);
        sums((tile, _) -> a.emit(TILEZERO, tile));
        a.bind(begun).emit(MOV, R8, R12).emit(MOV, R10, mem(RBX, 8 * NEXT_STRIDE));
        a.emit(LEA, R11, mem(RDX, SUM_BYTES));
        a.align(32).bind(step);
        multiply();
        for (int at = 0; at < SUMS_A_STEP; at += 64) a.emit(PREFETCHT0, mem(R11, at));
        a.emit(ADD, R11, imm(SUMS_A_STEP));
        a.emit(PREFETCHT1, mem(R8, 0)).emit(PREFETCHT1, mem(R8, R10, 1, 0)).emit(ADD, R8, mem(RBX, 8 * NEXT_STEP));
        a.emit(ADD, RDI, imm(UnpackCode.STEP_BYTES)).emit(ADD, RSI, imm(UnpackCode.STEP_BYTES));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, step);
        a.emit(ADD, R12, mem(RBX, 8 * NEXT_GROUP));
        sums((tile, at) -> a.emit(TILESTORED, tile(RDX, at), tile));
        a.emit(ADD, RDX, imm(SUM_BYTES)).emit(SUB, R9, imm(GROUP)).jump(Condition.GREATER, group);
        a.emit(TILERELEASE).emit(VZEROUPPER);
        a.emit(POP, R12).emit(POP, RBX).emit(RET);
        constants.write();
        return a.finish();
    }

    private interface EachSum {
        void emit(Reg tile, int at);
    }

    private void sums(EachSum each) {
        for (int i = 0; i < 2; i++) for (int j = 0; j < across; j++) each.emit(sum(i, j), 2 * i + j);
    }

    /** A load is followed as soon as may be by what needs it. */
    private void multiply() {
        a.emit(TILELOADD, tmm(4), tile(RDI, 0)).emit(TILELOADDT1, tmm(6), tile(RSI, 0));
        a.emit(TDPBF16PS, sum(0, 0), tmm(4), tmm(6)).emit(TILELOADD, tmm(5), tile(RDI, 1));
        a.emit(TDPBF16PS, sum(1, 0), tmm(5), tmm(6));
        if (across == 1) return;
        a.emit(TILELOADDT1, tmm(7), tile(RSI, 1));
        a.emit(TDPBF16PS, sum(0, 1), tmm(4), tmm(7)).emit(TDPBF16PS, sum(1, 1), tmm(5), tmm(7));
    }
}
