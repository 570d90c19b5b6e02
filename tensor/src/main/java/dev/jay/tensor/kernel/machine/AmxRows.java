// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VCVTNE2PS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VEXTRACTI64X4;
import static dev.jay.tensor.asm.x86.Avx512.VINSERTI64X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU16;
import static dev.jay.tensor.asm.x86.Avx512.VPERMW;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT0;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
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
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Instruction;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * A block's rows become tiles of bf16 as products want them: keys turned, pairs of dimensions beside each other for 16
 * slots; values with pairs of slots beside each other for 16 dimensions. The rows of a later block are fetched meanwhile.
 */
final class AmxRows {
    private static final int AHEAD = AmxLayout.BLOCK_TILES * AmxLayout.ENTRY;

    private final X86Assembler a;
    private final Constants constants;
    private final AmxLayout layout;
    private final Mem pairs; // where words of two vectors go so that they lie beside each other

    AmxRows(X86Assembler a, Constants constants, AmxLayout layout) {
        this.a = a;
        this.constants = constants;
        this.layout = layout;
        int[] order = new int[16];
        for (int i = 0; i < order.length; i++) order[i] = 16 + i << 16 | i;
        this.pairs = constants.ints(order);
    }

    /** Of r14 entries at r12, keys rax apart; k6 has the words of a last, short part. Uses all but rbx, r12 to r14. */
    void keys(KvLoad load) {
        int width = layout.keyWidth();
        Label next = a.label();
        a.emit(MOV, R8, R14).emit(MOV, RBP, R12).emit(LEA, RDI, mem(RBX, AmxLayout.KEYS));
        a.emit(LEA, R10, mem(RAX, RAX, 2, 0)).emit(LEA, R11, mem(RAX, RAX, 4, 0));
        a.emit(LEA, RCX, mem(R10, RAX, 4, 0));
        a.align(32).bind(next).emit(MOV, R15, mem(RBP, AHEAD));
        for (int half = 0; half < 2; half++) {
            a.emit(MOV, RDX, RAX).emit(SHL, RDX, imm(4));
            if (half == 0) a.emit(MOV, RDX, mem(RBP, 0));
            else a.emit(ADD, RDX, mem(RBP, 0));
            a.emit(LEA, RSI, mem(RDX, RAX, 8, 0));
            int whole = width / 32;
            if (whole > 0) {
                Label part = a.label();
                a.emit(MOV, R9, imm(whole)).align(32).bind(part);
                keyTile(load, false);
                a.emit(ADD, RDX, imm(load.lineBytes())).emit(ADD, RSI, imm(load.lineBytes()));
                a.emit(DEC, R9).jump(Condition.NOT_ZERO, part);
            }
            if (width % 32 != 0) keyTile(load, true);
        }
        a.emit(ADD, RBP, imm(AmxLayout.ENTRY)).emit(DEC, R8).jump(Condition.NOT_ZERO, next);
    }

    private void keyTile(KvLoad load, boolean isShort) {
        int lines = Math.ceilDiv(16 * load.lineBytes(), 64);
        for (int i = 0; i < 16; i++) {
            dimensions(load, zmm(16 + i), ScoreCode.row(i), isShort ? k(6) : null);
            if (i < lines) a.emit(PREFETCHT0, mem(R15, 64 * i));
        }
        a.emit(ADD, R15, imm(16L * load.lineBytes()));
        Reg[] turned = turn();
        for (int i = 0; i < 16; i++) a.emit(VMOVUPS, mem(RDI, 64 * i), turned[i]);
        a.emit(ADD, RDI, imm(AmxLayout.TILE_BYTES));
    }

    /** 32 values of a row as bf16; or the first of them, by a mask of words, then zeros. Uses zmm0 to zmm2. */
    void dimensions(KvLoad load, Reg to, Mem row, Reg mask) {
        switch (load) {
            case BF16 -> a.emit(VMOVDQU16, mask == null ? to : to.zero(mask), row);
            case F16 -> {
                if (mask != null) {
                    a.emit(VMOVDQU16, zmm(0).zero(mask), row).emit(VEXTRACTI64X4, ymm(1), zmm(0), imm(1));
                    a.emit(VCVTPH2PS, zmm(0), ymm(0)).emit(VCVTPH2PS, zmm(1), ymm(1));
                } else {
                    a.emit(VCVTPH2PS, zmm(0), row).emit(VCVTPH2PS, zmm(1), KvLoad.after(row, 32));
                }
                a.emit(VCVTNE2PS2BF16, to, zmm(1), zmm(0));
            }
            case Q8_0, Q4_0, IQ4_NL -> {
                load.scale(a, zmm(2), row);
                load.halves(a, constants, zmm(0), zmm(1), zmm(2), row);
                a.emit(VCVTNE2PS2BF16, to, zmm(1), zmm(0));
            }
            case F32 -> throw new IllegalArgumentException("f32 rows are not for bf16");
        }
    }

    /** 16 rows of 16 pairs, in zmm16 to zmm31, turned; uses zmm0. */
    private Reg[] turn() {
        Reg[] r = new Reg[17];
        for (int i = 0; i < 16; i++) r[i] = zmm(16 + i);
        r[16] = zmm(0);
        for (int i = 0; i < 16; i += 2) exchange(r, i, i + 1, VPUNPCKLDQ, VPUNPCKHDQ);
        for (int i = 0; i < 16; i += 4) {
            exchange(r, i, i + 2, VPUNPCKLQDQ, VPUNPCKHQDQ);
            exchange(r, i + 1, i + 3, VPUNPCKLQDQ, VPUNPCKHQDQ);
        }
        int[] column = {0, 2, 1, 3}; // which of four columns lies in which register of four
        for (int i = 0; i < 4; i++) {
            quarters(r, i, 4 + i);
            quarters(r, 8 + i, 12 + i);
            quarters(r, i, 8 + i);
            quarters(r, 4 + i, 12 + i);
        }
        Reg[] turned = new Reg[16];
        for (int i = 0; i < 4; i++) {
            turned[column[i]] = r[i];
            turned[4 + column[i]] = r[4 + i];
            turned[8 + column[i]] = r[8 + i];
            turned[12 + column[i]] = r[12 + i];
        }
        return turned;
    }

    /** r[i], r[j] = low(r[i], r[j]), high(r[i], r[j]); r[16] is the register to spare. */
    private void exchange(Reg[] r, int i, int j, Instruction low, Instruction high) {
        a.emit(low, r[16], r[i], r[j]).emit(high, r[j], r[i], r[j]);
        swapSpare(r, i);
    }

    /** r[i], r[j] = the even, the odd quarters of both. */
    private void quarters(Reg[] r, int i, int j) {
        a.emit(VSHUFI32X4, r[16], r[i], r[j], imm(0x88)).emit(VSHUFI32X4, r[j], r[i], r[j], imm(0xDD));
        swapSpare(r, i);
    }

    private static void swapSpare(Reg[] r, int i) {
        Reg taken = r[16];
        r[16] = r[i];
        r[i] = taken;
    }

    /** Of r14 entries at r12, values rax apart; k5 has the words of a last, short part. Uses as {@link #keys}. */
    void values(KvLoad load) {
        Label next = a.label();
        int tiles = load.isDirect() ? 1 : 2; // at once
        int whole = layout.valueWidth() / (16 * tiles);
        a.emit(MOV, R8, R14).emit(MOV, RBP, R12).emit(LEA, RDI, mem(RBX, layout.values()));
        a.emit(VMOVUPS, zmm(5), pairs);
        a.align(32).bind(next).emit(MOV, R15, mem(RBP, AHEAD + 8)).emit(MOV, RDX, mem(RBP, 8));
        if (whole > 0) {
            Label part = a.label();
            a.emit(MOV, R9, imm(whole)).align(32).bind(part);
            valueTile(load, tiles, false);
            a.emit(ADD, RDX, imm(tiles * load.lineBytes() / 2));
            a.emit(DEC, R9).jump(Condition.NOT_ZERO, part);
        }
        if (layout.valueWidth() % 16 != 0) valueTile(load, 1, true);
        a.emit(ADD, RBP, imm(AmxLayout.ENTRY)).emit(DEC, R8).jump(Condition.NOT_ZERO, next);
    }

    private void valueTile(KvLoad load, int tiles, boolean isShort) {
        int bytes = 16 * tiles * load.lineBytes(); // of 32 rows
        a.emit(MOV, RSI, RDX);
        for (int i = 0; i < 16; i++) {
            if (64 * i < bytes) a.emit(PREFETCHT0, mem(R15, 64 * i));
            if (!load.isDirect()) {
                load.scale(a, zmm(2), mem(RSI, 0));
                load.scale(a, zmm(3), mem(RSI, RAX, 1, 0));
            }
            for (int t = 0; t < tiles; t++) {
                Reg to = zmm(16 + (2 * i + t) % 16);
                slots(load, to, t, isShort);
                a.emit(VPERMW, to, zmm(5), to).emit(VMOVUPS, mem(RDI, t * AmxLayout.TILE_BYTES + 64 * i), to);
            }
            a.emit(LEA, RSI, mem(RSI, RAX, 2, 0));
        }
        a.emit(ADD, R15, imm(bytes)).emit(ADD, RDI, imm((long) tiles * AmxLayout.TILE_BYTES));
    }

    /** Sixteen values of the row at rsi, then of the one after it, as bf16. */
    private void slots(KvLoad load, Reg to, int tile, boolean isShort) {
        Mem first = mem(RSI, 0);
        Mem second = mem(RSI, RAX, 1, 0);
        switch (load) {
            case BF16 -> {
                if (isShort) {
                    a.emit(VMOVDQU16, to.y().zero(k(5)), first).emit(VMOVDQU16, ymm(1).zero(k(5)), second);
                    a.emit(VINSERTI64X4, to, to, ymm(1), imm(1));
                } else {
                    a.emit(VMOVDQU16, to.y(), first).emit(VINSERTI64X4, to, to, second, imm(1));
                }
            }
            case F16 -> {
                a.emit(VCVTPH2PS, isShort ? zmm(0).zero(k(5)) : zmm(0), first);
                a.emit(VCVTPH2PS, isShort ? zmm(1).zero(k(5)) : zmm(1), second);
                a.emit(VCVTNE2PS2BF16, to, zmm(1), zmm(0));
            }
            case Q8_0, Q4_0, IQ4_NL -> {
                load.half(a, constants, zmm(0), zmm(2), first, tile);
                load.half(a, constants, zmm(1), zmm(3), second, tile);
                a.emit(VCVTNE2PS2BF16, to, zmm(1), zmm(0));
            }
            case F32 -> throw new IllegalArgumentException("f32 rows are not for bf16");
        }
    }
}
