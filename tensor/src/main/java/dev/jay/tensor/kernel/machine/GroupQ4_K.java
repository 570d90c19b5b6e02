// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPORD;
import static dev.jay.tensor.asm.x86.Avx512.VPTERNLOGD;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVQ;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSHDUP;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPINSRD;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.function.IntFunction;

/**
 * Two blocks of {@code [scale:f16][offsetScale:f16][group scales and offsets: u6 x 16][q:u4 x 256]}. Each 32 bytes of q
 * are two sums, the first in the low halves.
 */
final class GroupQ4_K implements Group {
    static final int BLOCK = 144;
    static final int SCALES = 4;
    static final int QUANTS = 16;

    /** Truth table of a & (b | c). */
    private static final int AND_OR = 0xE0;

    @Override
    public int bytes() {
        return 2 * BLOCK;
    }

    @Override
    public int cols() {
        return 2 * 256;
    }

    @Override
    public boolean hasOffsets() {
        return true;
    }

    @Override
    public boolean isSplit() {
        return true;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VMOVDQU64, zmm(2), constants.ints(Groups.SPLIT_FOLDED));
        a.emit(VPBROADCASTD, zmm(3), constants.ints(Groups.ONES));
        scaleConstants(a, constants);
    }

    /** To zmm5, zmm20 and zmm23; zmm1 is to hold the low halves of bytes. */
    static void scaleConstants(X86Assembler a, Constants constants) {
        a.emit(VMOVDQU64, zmm(5), constants.ints(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2));
        a.emit(VPBROADCASTD, zmm(23), constants.ints(0x30303030));
        a.emit(VMOVDQU64, zmm(20), constants.ints(0, 4, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    @Override
    public int sum(int v) {
        return v / 2;
    }

    @Override
    public void weights(X86Assembler a, int v) {
        if (v % 4 == 0) halves(a, v / 4 * BLOCK + QUANTS);
        a.emit(VPANDD, zmm(19), zmm(17 + v % 2), zmm(1));
        if (v % 4 < 2) a.emit(VPSRLD, zmm(17 + v % 2), zmm(17 + v % 2), imm(4));
    }

    /** The 32-byte runs of q of one block, from rdi + at on: zmm17 = their first halves, zmm18 = their second ones. */
    static void halves(X86Assembler a, int at) {
        a.emit(VMOVDQU64, zmm(16), mem(RDI, at)).emit(VMOVDQU64, zmm(18), mem(RDI, at + 64));
        a.emit(VSHUFI32X4, zmm(17), zmm(16), zmm(18), imm(0x88)).emit(VSHUFI32X4, zmm(18), zmm(16), zmm(18), imm(0xDD));
    }

    @Override
    public void fold(X86Assembler a) {
        Groups.foldSplit(a, zmm(3), zmm(2));
    }

    @Override
    public void scales(X86Assembler a) {
        scales(a, at -> mem(RDI, at), at -> mem(RDI, BLOCK + at));
    }

    /**
     * zmm17 = scales, zmm18 = offsets, of the eight sums of one block and then of another. The twelve bytes are three words
     * of four: see the format. Uses zmm16, zmm19 and the constants of {@link #scaleConstants}.
     */
    static void scales(X86Assembler a, IntFunction<Mem> one, IntFunction<Mem> other) {
        a.emit(VMOVQ, xmm(17), one.apply(SCALES)).emit(VMOVQ, xmm(18), other.apply(SCALES));
        a.emit(VPUNPCKLQDQ, xmm(17), xmm(17), xmm(18)); // words 0 and 1 of both blocks
        a.emit(VPBROADCASTD, xmm(18), one.apply(SCALES + 8)).emit(VPBROADCASTD, xmm(19), other.apply(SCALES + 8));
        a.emit(VPUNPCKLQDQ, xmm(18), xmm(18), xmm(19)); // word 2, twice, of both
        a.emit(VPSRLVD, xmm(18), xmm(18), xmm(20)).emit(VPANDD, xmm(18), xmm(18), xmm(1));
        a.emit(VPSRLD, xmm(19), xmm(17), imm(2)).emit(VPANDD, xmm(19), xmm(19), xmm(23));
        a.emit(VPORD, xmm(18), xmm(18), xmm(19)).emit(VPTERNLOGD, xmm(17), xmm(1), xmm(23), imm(AND_OR));
        a.emit(VPUNPCKLDQ, xmm(19), xmm(17), xmm(18)).emit(VPUNPCKHDQ, xmm(17), xmm(17), xmm(18));
        a.emit(VPUNPCKLQDQ, xmm(18), xmm(19), xmm(17)).emit(VPUNPCKHQDQ, xmm(19), xmm(19), xmm(17));
        a.emit(VPMOVZXBD, zmm(17), xmm(18)).emit(VPMOVZXBD, zmm(18), xmm(19));
        a.emit(VCVTDQ2PS, zmm(17), zmm(17)).emit(VCVTDQ2PS, zmm(18), zmm(18));
        a.emit(VMOVD, xmm(19), one.apply(0)).emit(VPINSRD, xmm(19), xmm(19), other.apply(0), imm(1));
        a.emit(VCVTPH2PS, xmm(19), xmm(19)); // scale, offset scale of the first block, then of the second
        a.emit(VPERMPS, zmm(16), zmm(5), zmm(19)).emit(VMULPS, zmm(17), zmm(17), zmm(16));
        a.emit(VMOVSHDUP, xmm(19), xmm(19)).emit(VPERMPS, zmm(16), zmm(5), zmm(19));
        a.emit(VMULPS, zmm(18), zmm(18), zmm(16));
    }
}
