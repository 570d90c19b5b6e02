// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VINSERTI64X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQA64;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;

import dev.jay.tensor.asm.x86.X86Assembler;

/** 16 blocks of {@code [scale:f16][q:i8 x 32]}. The signed bytes become unsigned by 128, which c takes back. */
final class GroupQ8_0 implements Group {
    private static final int BLOCK = 34;
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
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x80808080));
        a.emit(VMOVDQU64, zmm(2), constants.ints(Groups.FOLDED));
        a.emit(VMOVDQU64, zmm(3), constants.ints(Groups.everyWord(BLOCK, 4)));
        for (int i = 1; i < 4; i++) a.emit(MOV, RAX.low32(), imm(1L << i)).emit(KMOVW, k(1 + i), RAX.low32());
    }

    @Override
    public void weights(X86Assembler a, int v) {
        int at = 2 * v * BLOCK + QUANTS;
        a.emit(VMOVDQU64, ymm(19), mem(RDI, at)).emit(VINSERTI64X4, zmm(19), zmm(19), mem(RDI, at + BLOCK), imm(1));
        a.emit(VPXORD, zmm(19), zmm(19), zmm(1));
    }

    @Override
    public void fold(X86Assembler a) {
        Groups.fold(a, zmm(2));
        a.emit(VPADDD, zmm(16), zmm(16), mem(R8, RDX, 1, 0));
    }

    @Override
    public void scales(X86Assembler a) {
        for (int i = 0; i < 4; i++) {
            Groups.pick(a, zmm(i == 0 ? 18 : 19), zmm(3), 4 * i * BLOCK);
            if (i > 0) a.emit(VMOVDQA64, ymm(18).mask(k(1 + i)), ymm(19)); // the i-th four
        }
        a.emit(VCVTPH2PS, zmm(17), ymm(18));
    }
}
