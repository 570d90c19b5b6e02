// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VSHUFF32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKHPS;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKLPS;

import dev.jay.tensor.asm.x86.X86Assembler;

/** Sixteen by sixteen values of 32 bits, from rows in registers 0 to 15 to columns in the same; uses all the others. */
final class Transpose {
    private static final int EVEN = 0x88; // of each source, the quarters 0 and 2
    private static final int ODD = 0xDD;

    private Transpose() {}

    static void emit(X86Assembler a) {
        for (int i = 0; i < 16; i += 2) { // pairs of rows
            a.emit(VUNPCKLPS, zmm(16 + i), zmm(i), zmm(i + 1));
            a.emit(VUNPCKHPS, zmm(17 + i), zmm(i), zmm(i + 1));
        }
        for (int i = 0; i < 16; i += 4) { // fours of rows; register i + c then has columns c, 4 + c, 8 + c, 12 + c
            a.emit(VPUNPCKLQDQ, zmm(i), zmm(16 + i), zmm(18 + i));
            a.emit(VPUNPCKHQDQ, zmm(1 + i), zmm(16 + i), zmm(18 + i));
            a.emit(VPUNPCKLQDQ, zmm(2 + i), zmm(17 + i), zmm(19 + i));
            a.emit(VPUNPCKHQDQ, zmm(3 + i), zmm(17 + i), zmm(19 + i));
        }
        for (int c = 0; c < 4; c++) {
            a.emit(VSHUFF32X4, zmm(16 + c), zmm(c), zmm(4 + c), imm(EVEN));
            a.emit(VSHUFF32X4, zmm(20 + c), zmm(8 + c), zmm(12 + c), imm(EVEN));
            a.emit(VSHUFF32X4, zmm(24 + c), zmm(c), zmm(4 + c), imm(ODD));
            a.emit(VSHUFF32X4, zmm(28 + c), zmm(8 + c), zmm(12 + c), imm(ODD));
        }
        for (int c = 0; c < 4; c++) {
            a.emit(VSHUFF32X4, zmm(c), zmm(16 + c), zmm(20 + c), imm(EVEN));
            a.emit(VSHUFF32X4, zmm(4 + c), zmm(24 + c), zmm(28 + c), imm(EVEN));
            a.emit(VSHUFF32X4, zmm(8 + c), zmm(16 + c), zmm(20 + c), imm(ODD));
            a.emit(VSHUFF32X4, zmm(12 + c), zmm(24 + c), zmm(28 + c), imm(ODD));
        }
    }
}
