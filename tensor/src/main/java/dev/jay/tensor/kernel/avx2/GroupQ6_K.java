// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPAND;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPOR;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLW;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLW;

import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;

/**
 * One block of {@code [low:u4 x 256][high:u2 x 256][group scales:i8 x 16][scale:f16]}: sixteen sums of 16 columns. q stands
 * for q - 32. Of each 128 columns, the first 64 are low halves, the others the high halves of the same bytes.
 */
final class GroupQ6_K implements Group {
    private static final int HIGH = 128;
    private static final int SCALES = 192;
    private static final int SCALE = 208;

    @Override
    public int bytes() {
        return 210;
    }

    @Override
    public int greatest() {
        return 63;
    }

    @Override
    public int zero() {
        return 32;
    }

    @Override
    public int sumCols() {
        return 16;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VBROADCASTSS, ymm(8), constants.ints(0x0F0F0F0F)).emit(VBROADCASTSS, ymm(9), constants.ints(0x30303030));
    }

    @Override
    public void columns(X86Assembler a, int v) {
        int quarter = v % 4;
        a.emit(VMOVDQU, ymm(5), mem(RDI, v / 4 * 64 + quarter % 2 * 32));
        if (quarter > 1) a.emit(VPSRLW, ymm(5), ymm(5), imm(4));
        a.emit(VPAND, ymm(5), ymm(5), ymm(8)).emit(VMOVDQU, ymm(6), mem(RDI, HIGH + v / 4 * 32));
        if (quarter < 2) a.emit(VPSLLW, ymm(6), ymm(6), imm(4L - 2L * quarter));
        if (quarter > 2) a.emit(VPSRLW, ymm(6), ymm(6), imm(2));
        a.emit(VPAND, ymm(6), ymm(6), ymm(9)).emit(VPOR, ymm(5), ymm(5), ymm(6));
    }

    @Override
    public void scales(X86Assembler a, int part) {
        a.emit(VPMOVSXBD, ymm(5), mem(RDI, SCALES + 8 * part)).emit(VCVTDQ2PS, ymm(5), ymm(5));
        a.emit(VPBROADCASTW, xmm(7), mem(RDI, SCALE)).emit(VCVTPH2PS, xmm(7), xmm(7));
        a.emit(VBROADCASTSS, ymm(7), xmm(7)).emit(VMULPS, ymm(5), ymm(5), ymm(7));
    }
}
