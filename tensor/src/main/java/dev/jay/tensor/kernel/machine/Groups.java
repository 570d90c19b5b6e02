// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPERMT2W;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VPACKSSDW;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMD;
import static dev.jay.tensor.asm.x86.Vectors.VPMADDWD;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VSHUFPS;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** Steps that groups of several formats share. */
final class Groups {
    /** Which lane of the sums of {@link #fold} holds each block. */
    static final int[] FOLDED = {0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15};

    /** Which lane of the sums of {@link #foldSplit} holds each block. */
    static final int[] SPLIT_FOLDED = {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15};

    /** Two words of 1: what vpmaddwd adds neighbours by. */
    static final int ONES = 0x00010001;

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

    /**
     * The same for x laid out by {@link SplitCode}: four vectors, each of four blocks with four partial sums a block. Half of
     * a block's partial sums must fit 16 bits.
     *
     * @param order {@link #SPLIT_FOLDED}
     */
    static void foldSplit(X86Assembler a, Reg ones, Reg order) {
        pairs(a, ones);
        a.emit(VPACKSSDW, zmm(16), zmm(16), zmm(17)).emit(VPMADDWD, zmm(16), zmm(16), ones);
        a.emit(VPERMD, zmm(16), order, zmm(16));
    }

    /** The same where only a single partial sum fits 16 bits. */
    static void foldSplitWide(X86Assembler a, Reg ones, Reg order) {
        pairs(a, ones);
        a.emit(VSHUFPS, zmm(18), zmm(16), zmm(17), imm(0x88)).emit(VSHUFPS, zmm(16), zmm(16), zmm(17), imm(0xDD));
        a.emit(VPADDD, zmm(16), zmm(16), zmm(18)).emit(VPERMD, zmm(16), order, zmm(16));
    }

    /** Partial sums two by two: of the first two vectors to zmm16, of the others to zmm17. */
    private static void pairs(X86Assembler a, Reg ones) {
        a.emit(VPACKSSDW, zmm(16), sum(0), sum(1)).emit(VPACKSSDW, zmm(17), sum(2), sum(3));
        a.emit(VPMADDWD, zmm(16), zmm(16), ones).emit(VPMADDWD, zmm(17), zmm(17), ones);
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
