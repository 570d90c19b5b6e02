// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VINSERTI32X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRAD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.X86Assembler;

/** 16 blocks of {@code [scale:f16][q:u4 x 32]}, low halves first; q stands for q - 8, which c, made 16 times less, corrects. */
final class GroupQ4_0 implements Group {
    private static final int BLOCK = 18;
    private static final int QUANTS = 2;

    @Override
    public int bytes() {
        return 16 * BLOCK;
    }

    @Override
    public int cols() {
        return 16 * 32;
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
        a.emit(VMOVDQU64, zmm(4), constants.ints(Groups.everyWord(BLOCK, 8)));
    }

    @Override
    public int sum(int v) {
        return v / 2;
    }

    /** Every second of eight blocks: the low halves, then the high ones. */
    @Override
    public void weights(X86Assembler a, int v) {
        if (v % 2 == 0) {
            int at = (v / 4 * 8 + v / 2 % 2) * BLOCK + QUANTS;
            a.emit(VMOVDQU64, xmm(16), mem(RDI, at));
            for (int i = 1; i < 4; i++) a.emit(VINSERTI32X4, zmm(16), zmm(16), mem(RDI, at + 2 * i * BLOCK), imm(i));
        } else {
            a.emit(VPSRLD, zmm(16), zmm(16), imm(4));
        }
        a.emit(VPANDD, zmm(19), zmm(16), zmm(1));
    }

    @Override
    public void fold(X86Assembler a) {
        Groups.foldSplit(a, zmm(3), zmm(2));
        a.emit(VPSRAD, zmm(17), mem(R8, RDX, 1, 0), imm(4)).emit(VPADDD, zmm(16), zmm(16), zmm(17));
    }

    @Override
    public void scales(X86Assembler a) {
        Groups.pick(a, zmm(18), zmm(4), 0);
        Groups.pick(a, zmm(19), zmm(4), 8 * BLOCK);
        a.emit(VINSERTI32X4, ymm(18), ymm(18), xmm(19), imm(1)).emit(VCVTPH2PS, zmm(17), ymm(18));
    }
}
