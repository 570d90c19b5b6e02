// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPERM2I128;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Set;

/**
 * Sixteen rows of w to a panel, for {@link GemmCode}: a record for each sum, {@code [four columns of each row, one row
 * after the other, then the next four columns, ...][scale:f32 x 16][offset:f32 x 16, if it has them]}. Eight rows at a time
 * go, group after group, to a place and are transposed from there. Each row has a pointer, so where there are fewer rows
 * the last may stand in for the missing ones.
 */
final class PanelCode {
    /** Places in the block of arguments. */
    static final int GROUPS = 0; // whole ones in a row

    static final int TAIL = 1; // bytes of the last, short one; 0 none
    static final int TAIL_PLACE = 2;
    static final int PANEL = 3;
    static final int PLACE = 4; // for what is on the way: PLACE_BYTES
    static final int ROWS = 5; // 16 pointers

    private static final int SCALES = 8 * Group.COLS; // place of scales: [row][sum]
    private static final int OFFSETS = SCALES + 8 * 64;
    static final int PLACE_BYTES = OFFSETS + 8 * 32;

    private final Group group;
    private final X86Assembler a;
    private final Constants constants;

    private PanelCode(Group group, Set<String> features) {
        this.group = group;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    static byte[] build(Group group, Set<String> features) {
        return new PanelCode(group, features).build();
    }

    /** Bytes of the record of a sum. */
    static int record(Group group) {
        return scalesAt(group) + (group.hasOffsets() ? 128 : 64);
    }

    /** Where a record has its scales. */
    static int scalesAt(Group group) {
        return 16 * group.sumCols();
    }

    /** Bytes of a panel: whole groups of records. */
    static long panelBytes(Group group, int cols) {
        return (long) Math.ceilDiv(cols, Group.COLS) * (Group.COLS / group.sumCols()) * record(group);
    }

    /** rcx = panel of the group, r9 = where it begins in a row, r10 = groups left, r11 = bytes of a short one or 0. */
    private byte[] build() {
        Label next = a.label();
        Label ended = a.label();
        Label done = a.label();
        a.emit(ENDBR64).emit(PUSH, RBX).emit(PUSH, RBP).emit(PUSH, R12).emit(MOV, RBX, RDI);
        a.emit(MOV, R10, mem(RBX, 8 * GROUPS)).emit(MOV, RCX, mem(RBX, 8 * PANEL));
        a.emit(XOR, R9.low32(), R9.low32()).emit(XOR, R11.low32(), R11.low32());
        a.emit(TEST, R10, R10).jump(Condition.ZERO, ended);
        a.bind(next);
        for (int half = 0; half < 2; half++) {
            place(half);
            transpose(half);
        }
        a.emit(ADD, RCX, imm((long) Group.COLS / group.sumCols() * record(group)))
                .emit(ADD, R9, imm(group.bytes()));
        a.emit(DEC, R10).jump(Condition.NOT_ZERO, next);
        a.emit(TEST, R11, R11).jump(Condition.NOT_ZERO, done); // that was the short one
        a.bind(ended).emit(MOV, R11, mem(RBX, 8 * TAIL)).emit(MOV, R10.low32(), imm(1));
        a.emit(TEST, R11, R11).jump(Condition.NOT_ZERO, next);
        a.bind(done)
                .emit(VZEROUPPER)
                .emit(POP, R12)
                .emit(POP, RBP)
                .emit(POP, RBX)
                .emit(RET);
        constants.write();
        return a.finish();
    }

    /** A group of eight rows to the place: its bytes at rsi, scales at rdx, offsets at r8. */
    private void place(int half) {
        Label row = a.label();
        Label whole = a.label();
        group.begin(a, constants);
        a.emit(LEA, R12, mem(RBX, 8 * (ROWS + 8 * half))).emit(MOV, RBP.low32(), imm(8));
        a.emit(MOV, RSI, mem(RBX, 8 * PLACE)).emit(LEA, RDX, mem(RSI, SCALES)).emit(LEA, R8, mem(RSI, OFFSETS));
        a.align(32).bind(row).emit(MOV, RDI, mem(R12, 0)).emit(ADD, RDI, R9);
        for (int at = 0; at < group.bytes(); at += 64) a.emit(PREFETCHT1, mem(RDI, group.bytes() + at));
        a.emit(TEST, R11, R11).jump(Condition.ZERO, whole);
        a.emit(MOV, RAX, mem(RBX, 8 * TAIL_PLACE));
        Tail.copy(a, R11);
        a.emit(MOV, RDI, mem(RBX, 8 * TAIL_PLACE)).emit(MOV, R11, mem(RBX, 8 * TAIL));
        a.bind(whole);
        for (int v = 0; v < 8; v++) {
            group.columns(a, v);
            a.emit(VMOVDQU, mem(RSI, 32 * v), ymm(5));
        }
        for (int part = 0; part < group.parts(); part++) {
            group.scales(a, part);
            a.emit(VMOVUPS, mem(RDX, 32 * part), ymm(5));
        }
        if (group.hasOffsets()) a.emit(VMOVUPS, mem(R8, 0), ymm(6));
        a.emit(ADD, RSI, imm(Group.COLS))
                .emit(ADD, RDX, imm(32L * group.parts()))
                .emit(ADD, R8, imm(32));
        a.emit(ADD, R12, imm(8)).emit(DEC, RBP).jump(Condition.NOT_ZERO, row);
    }

    /** From the place to eight of the sixteen lanes of the records. */
    private void transpose(int half) {
        int sums = 32 / group.sumCols(); // records of 32 columns
        Label next = a.label();
        a.emit(MOV, RSI, mem(RBX, 8 * PLACE)).emit(MOV, RDI, RCX).emit(LEA, RDX, mem(RSI, Group.COLS));
        a.align(32).bind(next);
        eight(RSI, 0, Group.COLS);
        for (int i = 0; i < 8; i++) {
            int at = i / (8 / sums) * record(group) + i % (8 / sums) * 64 + 32 * half;
            a.emit(VMOVDQU, mem(RDI, at), out(i));
        }
        a.emit(ADD, RSI, imm(32)).emit(ADD, RDI, imm((long) sums * record(group)));
        a.emit(CMP, RSI, RDX).jump(Condition.BELOW, next);
        a.emit(MOV, RSI, mem(RBX, 8 * PLACE));
        for (int part = 0; part < group.parts(); part++) {
            eight(RSI, SCALES + 32 * part, 32 * group.parts());
            for (int i = 0; i < 8; i++) store(8 * part + i, scalesAt(group) + 32 * half, i);
        }
        if (!group.hasOffsets()) return;
        eight(RSI, OFFSETS, 32);
        for (int i = 0; i < 8; i++) store(i, scalesAt(group) + 64 + 32 * half, i);
    }

    private void store(int sum, int at, int i) {
        a.emit(VMOVUPS, mem(RCX, sum * record(group) + at), out(i));
    }

    private static Reg out(int i) {
        return ymm(8 + i);
    }

    /** Transposes eight rows of 32 bytes, so far apart: ymm(8 + i) = the i-th four bytes of each row. */
    private void eight(Reg base, int at, int stride) {
        for (int i = 0; i < 8; i++) a.emit(VMOVDQU, ymm(i), mem(base, at + i * stride));
        for (int i = 0; i < 8; i += 2) {
            a.emit(VPUNPCKLDQ, ymm(8 + i), ymm(i), ymm(i + 1)).emit(VPUNPCKHDQ, ymm(9 + i), ymm(i), ymm(i + 1));
        }
        for (int i = 0; i < 8; i += 4) {
            for (int j = 0; j < 2; j++) {
                Reg one = ymm(8 + i + j);
                Reg other = ymm(10 + i + j);
                a.emit(VPUNPCKLQDQ, ymm(i + 2 * j), one, other).emit(VPUNPCKHQDQ, ymm(i + 2 * j + 1), one, other);
            }
        }
        for (int i = 0; i < 4; i++) {
            a.emit(VPERM2I128, out(i), ymm(i), ymm(i + 4), imm(0x20));
            a.emit(VPERM2I128, out(i + 4), ymm(i), ymm(i + 4), imm(0x31));
        }
    }
}
