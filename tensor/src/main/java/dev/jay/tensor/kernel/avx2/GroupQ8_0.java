// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;
import static dev.jay.tensor.asm.x86.Vectors.VPINSRW;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPXOR;

import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;

/**
 * Eight blocks of {@code [scale:f16][q:i8 x 32]}. For an instruction whose sums have 32 bits the bytes become unsigned by
 * 128; where sums have 16, two products of an unsigned byte could pass them, and the bytes stay signed.
 */
final class GroupQ8_0 implements Group {
    private static final int BLOCK = 34;
    private static final int QUANTS = 2;

    private final boolean wideSums;

    GroupQ8_0(boolean wideSums) {
        this.wideSums = wideSums;
    }

    @Override
    public int bytes() {
        return 8 * BLOCK;
    }

    @Override
    public int greatest() {
        return wideSums ? 255 : 128;
    }

    @Override
    public boolean isSigned() {
        return !wideSums;
    }

    @Override
    public int zero() {
        return wideSums ? 128 : 0;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        if (wideSums) a.emit(VBROADCASTSS, ymm(8), constants.ints(0x80808080));
    }

    @Override
    public void columns(X86Assembler a, int v) {
        if (wideSums) a.emit(VPXOR, ymm(5), ymm(8), mem(RDI, v * BLOCK + QUANTS));
        else a.emit(VMOVDQU, ymm(5), mem(RDI, v * BLOCK + QUANTS));
    }

    @Override
    public void scales(X86Assembler a, int part) {
        halves(a, BLOCK);
    }

    /** ymm5 = eight half floats, so many bytes apart. */
    static void halves(X86Assembler a, int stride) {
        for (int half = 0; half < 2; half++) {
            a.emit(VPXOR, xmm(5 + half), xmm(5 + half), xmm(5 + half));
            for (int i = 0; i < 4; i++) {
                a.emit(VPINSRW, xmm(5 + half), xmm(5 + half), mem(RDI, (4 * half + i) * stride), imm(i));
            }
        }
        a.emit(VPUNPCKLQDQ, xmm(5), xmm(5), xmm(6)).emit(VCVTPH2PS, ymm(5), xmm(5));
    }
}
