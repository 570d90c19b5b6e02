// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VINSERTI128;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;
import static dev.jay.tensor.asm.x86.Vectors.VPAND;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLW;

import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;

/** Eight blocks of {@code [scale:f16][q:u4 x 32]}, low halves first; q stands for q - 8. */
final class GroupQ4_0 implements Group {
    private static final int BLOCK = 18;
    private static final int QUANTS = 2;

    @Override
    public int bytes() {
        return 8 * BLOCK;
    }

    @Override
    public int greatest() {
        return 15;
    }

    @Override
    public int zero() {
        return 8;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VBROADCASTSS, ymm(8), constants.ints(0x0F0F0F0F));
    }

    @Override
    public void columns(X86Assembler a, int v) {
        a.emit(VMOVDQU, xmm(5), mem(RDI, v * BLOCK + QUANTS)).emit(VPSRLW, xmm(6), xmm(5), imm(4));
        a.emit(VINSERTI128, ymm(5), ymm(5), xmm(6), imm(1)).emit(VPAND, ymm(5), ymm(5), ymm(8));
    }

    @Override
    public void scales(X86Assembler a, int part) {
        GroupQ8_0.halves(a, BLOCK);
    }
}
