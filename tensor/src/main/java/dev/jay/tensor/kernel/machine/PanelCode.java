// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VINSERTI32X4;
import static dev.jay.tensor.asm.x86.Avx512.VINSERTI64X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.XOR;
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
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPINSRW;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Sixteen rows of w to a {@link Panel}, block after block, while the next sixteen are fetched towards the cache. Each row
 * has a pointer, so where there are fewer rows the last may stand in for the missing ones.
 */
final class PanelCode {
    /** Places in the block of arguments. */
    static final int BLOCKS = 0;

    static final int PANEL = 1;
    static final int PLACE = 2; // for what is on the way: PLACE_BYTES
    static final int NEXT = 3; // the row after these
    static final int ROWS = 4; // 16 pointers

    static final int PLACE_BYTES = 1536;

    final X86Assembler a;
    final Constants constants;
    private final Panel panel;

    private PanelCode(Panel panel, Set<String> features) {
        this.panel = panel;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    static byte[] build(Panel panel, Set<String> features) {
        return new PanelCode(panel, features).build();
    }

    private byte[] build() {
        Label loop = a.label();
        a.emit(ENDBR64).emit(PUSH, RBX).emit(MOV, RBX, RDI);
        a.emit(MOV, R10, mem(RBX, 8 * BLOCKS)).emit(MOV, RDI, mem(RBX, 8 * PANEL));
        a.emit(MOV, RSI, mem(RBX, 8 * PLACE)).emit(MOV, R11, mem(RBX, 8 * NEXT));
        a.emit(XOR, R9.low32(), R9.low32());
        panel.begin(a, constants);
        a.align(32).bind(loop);
        int fetched = 16 * panel.blockBytes();
        for (int at = 0; at < fetched; at += 64) a.emit(PREFETCHT1, mem(R11, at));
        panel.block(this);
        a.emit(ADD, R11, imm(fetched)).emit(ADD, R9, imm(panel.blockBytes()));
        a.emit(ADD, RDI, imm((long) panel.record() * panel.blockCols() / panel.sumCols()));
        a.emit(DEC, R10).jump(Condition.NOT_ZERO, loop);
        a.emit(VZEROUPPER).emit(POP, RBX).emit(RET);
        constants.write();
        return a.finish();
    }

    /** Byte {@code at} of the current block of a row; by way of {@code rax} or {@code rcx}, {@code rdx}, {@code r8} in turn. */
    Mem row(int row, int at) {
        Reg pointer = new Reg[] {RAX, RCX, RDX, R8}[row % 4];
        a.emit(MOV, pointer, mem(RBX, 8 * (ROWS + row)));
        return mem(pointer, R9, 1, at);
    }

    /** Where the i-th record of the current block has byte {@code at}. */
    Mem record(int i, int at) {
        return mem(RDI, i * panel.record() + at);
    }

    Mem place(int at) {
        return mem(RSI, at);
    }

    /** Where a record has its scales. */
    int scalesAt() {
        return 16 * panel.sumCols();
    }

    /**
     * Transposes 16 rows of 32 bytes: zmm(24 + i) = the i-th four bytes of each row. Uses zmm16 to zmm23 too.
     *
     * @param from the 32 bytes of a row
     */
    void transpose32(IntFunction<Mem> from) {
        transpose32(a, from);
    }

    static void transpose32(X86Assembler a, IntFunction<Mem> from) {
        for (int i = 0; i < 8; i++) {
            int row = i / 4 * 8 + i % 4;
            a.emit(VMOVDQU64, ymm(16 + i), from.apply(row));
            a.emit(VINSERTI64X4, zmm(16 + i), zmm(16 + i), from.apply(row + 4), imm(1));
        }
        transposeLanes(a, 16);
        transposeLanes(a, 20);
        for (int i = 0; i < 4; i++) {
            a.emit(VSHUFI32X4, zmm(24 + i), zmm(16 + i), zmm(20 + i), imm(0x88));
            a.emit(VSHUFI32X4, zmm(28 + i), zmm(16 + i), zmm(20 + i), imm(0xDD));
        }
    }

    /** Transposes 16 rows of 16 bytes: zmm(16 + i) = the i-th four bytes of each row. Uses zmm24 to zmm27 too. */
    void transpose16(IntFunction<Mem> from) {
        for (int i = 0; i < 4; i++) {
            a.emit(VMOVDQU64, xmm(16 + i), from.apply(i));
            for (int lane = 1; lane < 4; lane++) {
                a.emit(VINSERTI32X4, zmm(16 + i), zmm(16 + i), from.apply(4 * lane + i), imm(lane));
            }
        }
        transposeLanes(a, 16);
    }

    /** In each 128-bit lane, four registers of four become the four of the first places, of the second, and so on. */
    private static void transposeLanes(X86Assembler a, int first) {
        a.emit(VPUNPCKLDQ, zmm(24), zmm(first), zmm(first + 1));
        a.emit(VPUNPCKHDQ, zmm(25), zmm(first), zmm(first + 1));
        a.emit(VPUNPCKLDQ, zmm(26), zmm(first + 2), zmm(first + 3));
        a.emit(VPUNPCKHDQ, zmm(27), zmm(first + 2), zmm(first + 3));
        a.emit(VPUNPCKLQDQ, zmm(first), zmm(24), zmm(26));
        a.emit(VPUNPCKHQDQ, zmm(first + 1), zmm(24), zmm(26));
        a.emit(VPUNPCKLQDQ, zmm(first + 2), zmm(25), zmm(27));
        a.emit(VPUNPCKHQDQ, zmm(first + 3), zmm(25), zmm(27));
    }

    /** The half float at {@code at} of each row's block, as floats, to the scales of the record. */
    void halfScales(int at) {
        for (int half = 0; half < 2; half++) {
            Reg x = xmm(16 + half);
            a.emit(VPXORD, x, x, x);
            for (int i = 0; i < 8; i++) a.emit(VPINSRW, x, x, row(8 * half + i, at), imm(i));
        }
        a.emit(VINSERTI32X4, ymm(16), ymm(16), xmm(17), imm(1)).emit(VCVTPH2PS, zmm(16), ymm(16));
        a.emit(VMOVUPS, record(0, scalesAt()), zmm(16));
    }
}
