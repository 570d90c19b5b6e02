// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VINSERTI32X4;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMD;
import static dev.jay.tensor.asm.x86.Vectors.VPINSRW;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** Steps that groups of several formats share. */
final class Groups {
    /** Which lane of the sums of {@link #fold} holds each block. */
    static final int[] FOLDED = {0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15};

    private Groups() {}

    /** The registers of the sums, zmm24 to zmm31. */
    static Reg sum(int i) {
        return zmm(24 + i);
    }

    /**
     * Eight vectors of two blocks each, eight partial sums a block, to zmm16 = the sum of each of the 16 blocks in its
     * lane.
     *
     * @param order {@link #FOLDED}
     */
    static void fold(X86Assembler a, Reg order) {
        for (int half = 0; half < 2; half++) foldLanes(a, 4 * half);
        a.emit(VSHUFI32X4, zmm(16), sum(0), sum(4), imm(0x88)).emit(VSHUFI32X4, zmm(17), sum(0), sum(4), imm(0xDD));
        a.emit(VPADDD, zmm(16), zmm(16), zmm(17)).emit(VPERMD, zmm(16), order, zmm(16));
    }

    /** Four vectors from {@code first} on: in each 128-bit lane, the sum of that lane of each; left in the first. */
    static void foldLanes(X86Assembler a, int first) {
        for (int i = first; i < first + 4; i += 2) {
            a.emit(VPUNPCKLDQ, zmm(16), sum(i), sum(i + 1)).emit(VPUNPCKHDQ, zmm(17), sum(i), sum(i + 1));
            a.emit(VPADDD, sum(i), zmm(16), zmm(17));
        }
        a.emit(VPUNPCKLQDQ, zmm(16), sum(first), sum(first + 2));
        a.emit(VPUNPCKHQDQ, zmm(17), sum(first), sum(first + 2));
        a.emit(VPADDD, sum(first), zmm(16), zmm(17));
    }

    /** zmm17 = 16 half floats as floats, one from each block of {@code stride} bytes from the pointer on. */
    static void scales(X86Assembler a, Reg pointer, int stride) {
        for (int half = 0; half < 2; half++) {
            Reg x = xmm(18 + half);
            a.emit(VPXORD, x, x, x);
            for (int i = 0; i < 8; i++) a.emit(VPINSRW, x, x, mem(pointer, stride * (8 * half + i)), imm(i));
        }
        a.emit(VINSERTI32X4, ymm(18), ymm(18), xmm(19), imm(1)).emit(VCVTPH2PS, zmm(17), ymm(18));
    }
}
