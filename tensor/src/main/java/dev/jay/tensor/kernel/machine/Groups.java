// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPERMT2W;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMD;
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

    /** For {@link #pick}: where eight or four half floats, so many bytes apart, lie among 64 words, over and over. */
    static int[] everyWord(int strideBytes, int count) {
        int[] pairs = new int[16];
        for (int i = 0; i < 32; i++) pairs[i / 2] |= i % count * strideBytes / 2 << 16 * (i % 2);
        return pairs;
    }

    /** zmm{@code to} = words picked from the 128 bytes at rdi + at. Words come from one load, not one by one. */
    static void pick(X86Assembler a, Reg to, Reg words, int at) {
        a.emit(VMOVDQU64, to, mem(RDI, at)).emit(VPERMT2W, to, words, mem(RDI, at + 64));
    }
}
