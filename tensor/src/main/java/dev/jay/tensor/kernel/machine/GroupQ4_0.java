// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VBROADCASTI32X4;
import static dev.jay.tensor.asm.x86.Avx512.VINSERTI32X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPDPBUSD;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRAD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;

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
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VMOVDQU64, zmm(2), constants.ints(Groups.FOLDED));
        a.emit(VMOVDQU64, zmm(3), constants.ints(0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0, 0, 4, 4, 4, 4));
        a.emit(VMOVDQU64, zmm(4), constants.ints(Groups.everyWord(BLOCK, 8)));
        a.emit(MOV, RAX.low32(), imm(0xFF00)).emit(KMOVW, k(2), RAX.low32()); // the second block's lanes
    }

    @Override
    public void sums(X86Assembler a) {
        for (int v = 0; v < 8; v++) {
            int at = 2 * v * BLOCK + QUANTS;
            a.emit(VBROADCASTI32X4, zmm(16), mem(RDI, at));
            a.emit(VBROADCASTI32X4, zmm(16).mask(k(2)), mem(RDI, at + BLOCK));
            a.emit(VPSRLVD, zmm(16), zmm(16), zmm(3)).emit(VPANDD, zmm(16), zmm(16), zmm(1));
            a.emit(VPXORD, Groups.sum(v), Groups.sum(v), Groups.sum(v));
            a.emit(VPDPBUSD, Groups.sum(v), zmm(16), mem(RSI, 64 * v));
        }
        Groups.fold(a, zmm(2));
        a.emit(VPSRAD, zmm(17), mem(R8, RDX, 1, 0), imm(4)).emit(VPADDD, zmm(16), zmm(16), zmm(17));
        Groups.pick(a, zmm(18), zmm(4), 0);
        Groups.pick(a, zmm(19), zmm(4), 8 * BLOCK);
        a.emit(VINSERTI32X4, ymm(18), ymm(18), xmm(19), imm(1)).emit(VCVTPH2PS, zmm(17), ymm(18));
    }
}
