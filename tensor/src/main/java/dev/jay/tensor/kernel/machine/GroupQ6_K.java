// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VBROADCASTI64X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPTERNLOGD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPERMD;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLVD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRAD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;

import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * One block of {@code [low:u4 x 256][high:u2 x 256][group scales:i8 x 16][scale:f16]}: sixteen sums of 16 columns. q stands
 * for q - 32, which c16, made 4 times less, corrects.
 */
final class GroupQ6_K implements Group {
    static final int HIGH = 128;
    static final int SCALES = 192;
    static final int SCALE = 208;
    static final int BLOCK = 210;

    /** Truth table of a | (b & c). */
    private static final int OR_AND = 0xF8;

    @Override
    public int bytes() {
        return BLOCK;
    }

    @Override
    public int cols() {
        return 256;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VPBROADCASTD, zmm(2), constants.ints(0x30303030));
        a.emit(VMOVDQU64, zmm(3), constants.ints(4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2));
        a.emit(VMOVDQU64, zmm(4), constants.ints(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2));
        a.emit(VMOVDQU64, zmm(5), constants.ints(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)); // transposes
        a.emit(VMOVDQU64, zmm(20), constants.ints(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)); // each d twice
    }

    @Override
    public void weights(X86Assembler a, int v) {
        int half = v / 2;
        if (v % 2 == 0) {
            a.emit(VMOVDQU64, zmm(16), mem(RDI, 64 * half)).emit(VBROADCASTI64X4, zmm(18), mem(RDI, HIGH + 32 * half));
            a.emit(VPSLLVD, zmm(17), zmm(18), zmm(3));
        } else {
            a.emit(VPSRLD, zmm(16), zmm(16), imm(4)).emit(VPSRLVD, zmm(17), zmm(18), zmm(4));
        }
        a.emit(VPANDD, zmm(19), zmm(16), zmm(1)).emit(VPTERNLOGD, zmm(19), zmm(17), zmm(2), imm(OR_AND));
    }

    @Override
    public void fold(X86Assembler a) {
        Groups.foldLanes(a, 0);
        a.emit(VPERMD, zmm(16), zmm(5), Groups.sum(0));
        a.emit(VPSRAD, zmm(17), mem(R8, RDX, 2, 0), imm(2)).emit(VPADDD, zmm(16), zmm(16), zmm(17));
    }

    @Override
    public void scales(X86Assembler a) {
        a.emit(VPMOVSXBD, zmm(17), mem(RDI, SCALES)).emit(VCVTDQ2PS, zmm(17), zmm(17));
        a.emit(VPBROADCASTW, xmm(18), mem(RDI, SCALE)).emit(VCVTPH2PS, xmm(18), xmm(18));
        a.emit(VBROADCASTSS, zmm(18), xmm(18)).emit(VMULPS, zmm(17), zmm(17), zmm(18));
    }
}
