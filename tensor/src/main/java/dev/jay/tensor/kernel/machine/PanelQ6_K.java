// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPTERNLOGD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDB;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.X86Assembler;

/** Sixteen sums of 16 in a block; see {@link GroupQ6_K}. q stands for q - 32. */
final class PanelQ6_K implements Panel {
    private static final int SCALES = 512; // place of scales, after the high bits of half a block: [row][sum]

    /** Truth table of a | (b & c). */
    private static final int OR_AND = 0xF8;

    @Override
    public int blockBytes() {
        return GroupQ6_K.BLOCK;
    }

    @Override
    public int blockCols() {
        return 256;
    }

    @Override
    public int sumCols() {
        return 16;
    }

    @Override
    public boolean hasOffsets() {
        return false;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VPBROADCASTD, zmm(2), constants.ints(0x30303030));
        a.emit(VPBROADCASTD, zmm(3), constants.ints(Panel.bytes(UNSIGNED - 32)));
    }

    @Override
    public void block(PanelCode code) {
        for (int half = 0; half < 2; half++) {
            int high = GroupQ6_K.HIGH + 32 * half;
            code.transpose32(r -> code.row(r, high));
            for (int i = 0; i < 8; i++) code.a.emit(VMOVDQU64, code.place(64 * i), zmm(24 + i));
            for (int low = 0; low < 2; low++) {
                int at = 64 * half + 32 * low;
                code.transpose32(r -> code.row(r, at));
                for (int i = 0; i < 8; i++) quad(code, half, low, i);
            }
        }
        scales(code);
    }

    /** Four columns of the first and of the third, or of the second and of the fourth, quarter of half a block. */
    private static void quad(PanelCode code, int half, int low, int i) {
        X86Assembler a = code.a;
        a.emit(VMOVDQU64, zmm(16), code.place(64 * i));
        a.emit(VPSLLD, zmm(17), zmm(16), imm(4 - 2L * low));
        a.emit(VPANDD, zmm(18), zmm(24 + i), zmm(1)).emit(VPTERNLOGD, zmm(18), zmm(17), zmm(2), imm(OR_AND));
        store(code, 32 * (4 * half + low) + 4 * i);
        a.emit(VPSRLD, zmm(17), zmm(16), imm(2L * low)).emit(VPSRLD, zmm(18), zmm(24 + i), imm(4));
        a.emit(VPANDD, zmm(18), zmm(18), zmm(1)).emit(VPTERNLOGD, zmm(18), zmm(17), zmm(2), imm(OR_AND));
        store(code, 32 * (4 * half + low + 2) + 4 * i);
    }

    private static void store(PanelCode code, int col) {
        code.a.emit(VPADDB, zmm(18), zmm(18), zmm(3));
        code.a.emit(VMOVDQU64, code.record(col / 16, col % 16 * 16), zmm(18));
    }

    private static void scales(PanelCode code) {
        X86Assembler a = code.a;
        for (int r = 0; r < 16; r++) {
            a.emit(VPMOVSXBD, zmm(16), code.row(r, GroupQ6_K.SCALES)).emit(VCVTDQ2PS, zmm(16), zmm(16));
            a.emit(VPBROADCASTW, xmm(17), code.row(r, GroupQ6_K.SCALE)).emit(VCVTPH2PS, xmm(17), xmm(17));
            a.emit(VBROADCASTSS, zmm(17), xmm(17)).emit(VMULPS, zmm(16), zmm(16), zmm(17));
            a.emit(VMOVUPS, code.place(SCALES + 64 * r), zmm(16));
        }
        for (int eight = 0; eight < 2; eight++) {
            int from = SCALES + 32 * eight;
            code.transpose32(r -> code.place(from + 64 * r));
            for (int i = 0; i < 8; i++) a.emit(VMOVUPS, code.record(8 * eight + i, code.scalesAt()), zmm(24 + i));
        }
    }
}
