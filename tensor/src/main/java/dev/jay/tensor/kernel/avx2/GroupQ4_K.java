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
import static dev.jay.tensor.asm.x86.Vectors.VMOVQ;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSHDUP;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPAND;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPOR;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLW;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLW;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLDQ;

import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;

/**
 * One block of {@code [scale:f16][offsetScale:f16][group scales and offsets: u6 x 16][q:u4 x 256]}, or of q5_k, which has a
 * fifth bit of each q in {@code [high:u1 x 256]} before them: bit v of byte i is that of column 32 v + i. Each 32 bytes of
 * q are two sums, the first in the low halves.
 */
final class GroupQ4_K implements Group {
    private static final int SCALES = 4;
    private static final int AFTER_SCALES = 16;
    private static final int HIGH_BYTES = 32;

    private final boolean hasHigh;

    /** @param hasHigh true: q5_k */
    GroupQ4_K(boolean hasHigh) {
        this.hasHigh = hasHigh;
    }

    @Override
    public int bytes() {
        return AFTER_SCALES + (hasHigh ? HIGH_BYTES : 0) + COLS / 2;
    }

    @Override
    public int greatest() {
        return hasHigh ? 31 : 15;
    }

    @Override
    public boolean hasOffsets() {
        return true;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VBROADCASTSS, ymm(8), constants.ints(0x0F0F0F0F)).emit(VBROADCASTSS, ymm(9), constants.ints(0x10101010));
        a.emit(VBROADCASTSS, xmm(10), constants.ints(0x3F3F3F3F))
                .emit(VBROADCASTSS, xmm(11), constants.ints(0x30303030));
        a.emit(VMOVDQU, xmm(12), constants.ints(0, 4, 0, 0));
    }

    @Override
    public void columns(X86Assembler a, int v) {
        int quants = AFTER_SCALES + (hasHigh ? HIGH_BYTES : 0) + v / 2 * 32;
        if (v % 2 == 0) a.emit(VPAND, ymm(5), ymm(8), mem(RDI, quants));
        else
            a.emit(VMOVDQU, ymm(5), mem(RDI, quants))
                    .emit(VPSRLW, ymm(5), ymm(5), imm(4))
                    .emit(VPAND, ymm(5), ymm(5), ymm(8));
        if (!hasHigh) return;
        a.emit(VMOVDQU, ymm(6), mem(RDI, AFTER_SCALES));
        if (v < 4) a.emit(VPSLLW, ymm(6), ymm(6), imm(4L - v));
        if (v > 4) a.emit(VPSRLW, ymm(6), ymm(6), imm(v - 4L));
        a.emit(VPAND, ymm(6), ymm(6), ymm(9)).emit(VPOR, ymm(5), ymm(5), ymm(6));
    }

    /** The twelve bytes are three words of four: scales 0 to 3, offsets 0 to 3, low bits of the rest; see the format. */
    @Override
    public void scales(X86Assembler a, int part) {
        a.emit(VMOVQ, xmm(2), mem(RDI, SCALES)).emit(VPBROADCASTD, xmm(3), mem(RDI, SCALES + 8));
        a.emit(VPSRLVD, xmm(3), xmm(3), xmm(12)).emit(VPAND, xmm(3), xmm(3), xmm(8));
        a.emit(VPSRLD, xmm(4), xmm(2), imm(2))
                .emit(VPAND, xmm(4), xmm(4), xmm(11))
                .emit(VPOR, xmm(3), xmm(3), xmm(4));
        a.emit(VPAND, xmm(2), xmm(2), xmm(10)).emit(VPUNPCKLDQ, xmm(2), xmm(2), xmm(3)); // scales, then offsets
        a.emit(VPMOVZXBD, ymm(5), xmm(2))
                .emit(VPSHUFD, xmm(2), xmm(2), imm(0x4E))
                .emit(VPMOVZXBD, ymm(6), xmm(2));
        a.emit(VCVTDQ2PS, ymm(5), ymm(5)).emit(VCVTDQ2PS, ymm(6), ymm(6));
        a.emit(VPBROADCASTD, xmm(3), mem(RDI, 0))
                .emit(VCVTPH2PS, xmm(3), xmm(3))
                .emit(VMOVSHDUP, xmm(4), xmm(3));
        a.emit(VBROADCASTSS, ymm(3), xmm(3)).emit(VMULPS, ymm(5), ymm(5), ymm(3));
        a.emit(VBROADCASTSS, ymm(4), xmm(4)).emit(VMULPS, ymm(6), ymm(6), ymm(4));
    }
}
