// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Avx512.VPDPBUSD_VEX;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VADDSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VEXTRACTF128;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPERM2I128;
import static dev.jay.tensor.asm.x86.Vectors.VPERMD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPHADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRAD;
import static dev.jay.tensor.asm.x86.Vectors.VPXOR;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Set;

/**
 * Rows of w times one row of {@link ByteForm}, one row after the other, so that memory is one sequential stream.
 *
 * <p>The order of float operations, which {@link GemmCode} keeps too: sum i of a row goes to chain i mod 8 by
 * {@code chain = fma(sum, scale * d, chain)}, then, if weights have offsets, {@code chain = fma(-offset, xs, chain)};
 * at the end ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
 */
final class GemvCode {
    /** Places in the block of arguments. */
    static final int W = 0;

    static final int ROW_BYTES = 1;
    static final int ROWS = 2;
    static final int Q = 3;
    static final int PLANE_D = 4;
    static final int PLANE_C = 5; // or c16
    static final int PLANE_XS = 6;
    static final int Y = 7;
    static final int GROUPS = 8; // whole ones in a row
    static final int TAIL = 9; // bytes of the last, short one; 0 none
    static final int TAIL_PLACE = 10;

    private static final int AHEAD = 3072; // bytes

    private final Group group;
    private final Dots dots;
    private final X86Assembler a;
    private final Constants constants;
    private final Mem ones;
    private final Mem order; // of the sums of four vectors of two
    private final Mem twice;

    private GemvCode(Group group, Set<String> features) {
        this.group = group;
        this.dots = Dots.of(features);
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        ones = dots.hasVnni() ? null : constants.ints(ones());
        order = group.sumCols() == ByteForm.BLOCK ? null : constants.ints(0, 4, 1, 5, 2, 6, 3, 7);
        twice = group.sumCols() == ByteForm.BLOCK ? null : constants.ints(0, 0, 1, 1, 2, 2, 3, 3);
    }

    static byte[] build(Group group, Set<String> features) {
        return new GemvCode(group, features).build();
    }

    /** Sixteen ones of 16 bits. */
    static int[] ones() {
        int[] pairs = new int[8];
        java.util.Arrays.fill(pairs, 0x00010001);
        return pairs;
    }

    private static X86Assembler argument(X86Assembler a, Reg to, int index) {
        return a.emit(MOV, to, mem(RBX, 8 * index));
    }

    private byte[] build() {
        Label row = a.label();
        Label loop = a.label();
        Label ended = a.label();
        Label done = a.label();
        a.emit(ENDBR64);
        for (Reg r : new Reg[] {RBX, RBP, R12, R13}) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI);
        argument(a, R12, W);
        argument(a, R13, Y);
        argument(a, RBP, ROWS);
        argument(a, RCX, PLANE_D);
        argument(a, R8, PLANE_C);
        argument(a, R9, PLANE_XS);
        group.begin(a, constants);
        if (order != null) a.emit(VMOVDQU, ymm(14), order).emit(VMOVDQU, ymm(15), twice);

        a.bind(row);
        argument(a, RSI, Q);
        argument(a, R10, GROUPS);
        argument(a, R11, TAIL);
        a.emit(MOV, RDI, R12).emit(XOR, RDX.low32(), RDX.low32()).emit(VXORPS, ymm(0), ymm(0), ymm(0));
        a.emit(TEST, R10, R10).jump(Condition.ZERO, ended);
        a.align(32).bind(loop);
        for (int at = 0; at < group.bytes(); at += 64) a.emit(PREFETCHT1, mem(RDI, AHEAD + at));
        for (int part = 0; part < group.parts(); part++) sums(part);
        a.emit(ADD, RDI, imm(group.bytes())).emit(ADD, RSI, imm(Group.COLS)).emit(ADD, RDX, imm(32));
        a.emit(DEC, R10).jump(Condition.NOT_ZERO, loop);
        a.bind(ended).emit(TEST, R11, R11).jump(Condition.ZERO, done);
        argument(a, RAX, TAIL_PLACE);
        Tail.copy(a, R11);
        argument(a, RDI, TAIL_PLACE);
        a.emit(XOR, R11.low32(), R11.low32()).emit(MOV, R10.low32(), imm(1)).jump(loop);

        a.bind(done);
        a.emit(VEXTRACTF128, xmm(1), ymm(0), imm(1)).emit(VADDPS, xmm(1), xmm(1), xmm(0));
        a.emit(VPSHUFD, xmm(2), xmm(1), imm(0x4E)).emit(VADDPS, xmm(1), xmm(1), xmm(2));
        a.emit(VPSHUFD, xmm(2), xmm(1), imm(1)).emit(VADDSS, xmm(1), xmm(1), xmm(2));
        a.emit(VMOVSS, mem(R13, 0), xmm(1)).emit(ADD, R13, imm(4)).emit(ADD, R12, mem(RBX, 8 * ROW_BYTES));
        a.emit(DEC, RBP).jump(Condition.NOT_ZERO, row);
        a.emit(VZEROUPPER);
        for (Reg r : new Reg[] {R13, R12, RBP, RBX}) a.emit(POP, r);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    /** Eight sums, and their share of the chains: lanes of ymm0. */
    private void sums(int part) {
        boolean whole = group.sumCols() == ByteForm.BLOCK;
        if (whole) foldEight();
        else foldFour(4 * part);
        correct(whole ? mem(R8, RDX, 1, 0) : mem(R8, RDX, 2, 32 * part));
        a.emit(VCVTDQ2PS, ymm(1), ymm(1));
        group.scales(a, part);
        if (whole) {
            a.emit(VMULPS, ymm(5), ymm(5), mem(RCX, RDX, 1, 0));
        } else {
            a.emit(VMOVUPS, xmm(7), mem(RCX, RDX, 1, 16 * part)).emit(VPERMPS, ymm(7), ymm(15), ymm(7));
            a.emit(VMULPS, ymm(5), ymm(5), ymm(7));
        }
        a.emit(VFMADD231PS, ymm(0), ymm(1), ymm(5));
        if (group.hasOffsets()) a.emit(VFNMADD231PS, ymm(0), ymm(6), mem(R9, RDX, 1, 0));
    }

    private void correct(Mem c) {
        if (group.zero() == 0) return;
        if (group.correctionShift() == 0) {
            a.emit(VPADDD, ymm(1), ymm(1), c);
            return;
        }
        a.emit(VMOVDQU, ymm(2), c).emit(VPSRAD, ymm(2), ymm(2), imm(group.correctionShift()));
        a.emit(VPADDD, ymm(1), ymm(1), ymm(2));
    }

    /** ymm1 = the sums of eight vectors of 32 columns. */
    private void foldEight() {
        foldPairs(0, 1);
        foldPairs(4, 2);
        a.emit(VPERM2I128, ymm(3), ymm(1), ymm(2), imm(0x20)).emit(VPERM2I128, ymm(1), ymm(1), ymm(2), imm(0x31));
        a.emit(VPADDD, ymm(1), ymm(1), ymm(3));
    }

    /** ymm1 = the sums of the halves of four vectors of 32 columns. */
    private void foldFour(int first) {
        foldPairs(first, 1);
        a.emit(VPERMD, ymm(1), ymm(14), ymm(1));
    }

    /** In each half of {@code to}: of that half of four vectors, the sums. Uses the two registers after it. */
    private void foldPairs(int first, int to) {
        multiply(first, ymm(to));
        multiply(first + 1, ymm(to + 1));
        a.emit(VPHADDD, ymm(to), ymm(to), ymm(to + 1));
        multiply(first + 2, ymm(to + 1));
        multiply(first + 3, ymm(to + 2));
        a.emit(VPHADDD, ymm(to + 1), ymm(to + 1), ymm(to + 2)).emit(VPHADDD, ymm(to), ymm(to), ymm(to + 1));
    }

    /** to = 32 products of columns from 32 v, added by fours. */
    private void multiply(int v, Reg to) {
        group.columns(a, v);
        Mem x = mem(RSI, 32 * v);
        if (dots.hasVnni()) {
            a.emit(VPXOR, to, to, to).emit(VPDPBUSD_VEX, to, ymm(5), x);
            return;
        }
        a.emit(VMOVDQU, ymm(7), x);
        if (group.isSigned()) Dots.magnitude(a, ymm(6), ymm(5));
        Dots.pairs(a, group.isSigned(), to, ymm(5), ymm(6), ymm(7));
        Dots.widen(a, to, to, ones);
    }
}
