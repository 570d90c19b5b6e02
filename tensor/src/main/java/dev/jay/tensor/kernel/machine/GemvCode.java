// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVQ;
import static dev.jay.tensor.asm.x86.Avx512.VEXTRACTF32X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU8;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.BZHI;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SUB;
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
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VADDSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Rows of w times one row of x in planes: one row after the other, so that memory is one sequential stream, with a
 * prefetch some lines ahead of it. The last, short group of a row is copied to a zeroed place first: nothing past the row
 * is read.
 *
 * <p>The order of float operations, which {@link GemmCode} keeps too: sum i of a row goes to chain i mod 4 by
 * {@code chain = fma(sum, scale * d, chain)}, then, if weights have offsets, {@code chain = fma(-offset, xs, chain)};
 * at the end (chain0 + chain2) + (chain1 + chain3).
 */
final class GemvCode {
    /** Places in the block of arguments. */
    static final int W = 0;

    static final int ROW_BYTES = 1;
    static final int ROWS = 2;
    static final int Q = 3;
    static final int PLANE_D = 4;
    static final int PLANE_C = 5;
    static final int PLANE_XS = 6;
    static final int Y = 7;
    static final int GROUPS = 8; // whole ones in a row
    static final int TAIL = 9; // bytes of the last, short one; 0 none
    static final int TAIL_PLACE = 10; // zeroed bytes of a whole group, rounded up to 64, and 64 more

    private final Group group;
    private final X86Assembler a;
    private final Constants constants;

    private GemvCode(Group group, Set<String> features) {
        this.group = group;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    static byte[] build(Group group, Set<String> features) {
        return new GemvCode(group, features).build();
    }

    /** Bytes of the place for a short group. */
    static long tailPlaceBytes(Group group) {
        return Math.ceilDiv(group.bytes(), 64) * 64L + 64;
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

        a.bind(row);
        argument(a, RSI, Q);
        argument(a, R10, GROUPS);
        argument(a, R11, TAIL);
        a.emit(MOV, RDI, R12).emit(XOR, RDX.low32(), RDX.low32());
        a.emit(VXORPS, xmm(0), xmm(0), xmm(0));
        a.emit(TEST, R10, R10).jump(Condition.ZERO, ended);
        a.align(32).bind(loop);
        Ahead.touch(a, RDI);
        Ahead.lines(a, RDI, group.bytes());
        group.sums(a);
        chains();
        a.emit(ADD, RDI, imm(group.bytes())).emit(ADD, RSI, imm(group.cols())).emit(ADD, RDX, imm(planeStep()));
        a.emit(DEC, R10).jump(Condition.NOT_ZERO, loop);
        a.bind(ended).emit(TEST, R11, R11).jump(Condition.ZERO, done);
        copyTail();
        a.jump(loop);

        a.bind(done);
        a.emit(VPSHUFD, xmm(16), xmm(0), imm(0x4E)).emit(VADDPS, xmm(16), xmm(16), xmm(0));
        a.emit(VPSHUFD, xmm(17), xmm(16), imm(1)).emit(VADDSS, xmm(16), xmm(16), xmm(17));
        a.emit(VMOVSS, mem(R13, 0), xmm(16)).emit(ADD, R13, imm(4)).emit(ADD, R12, mem(RBX, 8 * ROW_BYTES));
        a.emit(DEC, RBP).jump(Condition.NOT_ZERO, row);
        a.emit(VZEROUPPER);
        for (Reg r : new Reg[] {R13, R12, RBP, RBX}) a.emit(POP, r);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    /** d and xs have one value for 32 columns. */
    private int planeStep() {
        return group.cols() / Int8Form.BLOCK * 4;
    }

    /** Adds the 16 products to the chains, lane i mod 4 of xmm0, in order. */
    private void chains() {
        a.emit(VCVTDQ2PS, zmm(16), zmm(16));
        if (group.sumCols() == Int8Form.BLOCK) {
            a.emit(VMULPS, zmm(17), zmm(17), mem(RCX, RDX, 1, 0));
        } else {
            a.emit(VMOVUPS, ymm(19), mem(RCX, RDX, 1, 0)).emit(VPERMPS, zmm(19), zmm(20), zmm(19));
            a.emit(VMULPS, zmm(17), zmm(17), zmm(19));
        }
        if (group.hasOffsets()) a.emit(VMOVUPS, zmm(19), mem(R9, RDX, 1, 0));
        for (int i = 0; i < 4; i++) {
            a.emit(VFMADD231PS, xmm(0), part(16, 24, i), part(17, 25, i));
            if (group.hasOffsets()) a.emit(VFNMADD231PS, xmm(0), part(18, 26, i), part(19, 27, i));
        }
    }

    /** The i-th 128 bits of a register, by way of another where they are not the lowest. */
    private Reg part(int register, int way, int i) {
        if (i == 0) return xmm(register);
        a.emit(VEXTRACTF32X4, xmm(way), zmm(register), imm(i));
        return xmm(way);
    }

    /** The short group at rdi goes to its place, and rdi to it; r10 = 1 group, r11 = 0 bytes of tail left. */
    private void copyTail() {
        Label next = a.label();
        Label last = a.label();
        argument(a, RAX, TAIL_PLACE);
        a.emit(MOV, R10, R11);
        a.bind(next);
        Ahead.lines(a, RDI, 64);
        a.emit(CMP, R10, imm(64)).jump(Condition.BELOW, last);
        a.emit(VMOVDQU64, zmm(16), mem(RDI, 0)).emit(VMOVDQU64, mem(RAX, 0), zmm(16));
        a.emit(ADD, RDI, imm(64))
                .emit(ADD, RAX, imm(64))
                .emit(SUB, R10, imm(64))
                .jump(next);
        a.bind(last).emit(MOV, R11, imm(-1)).emit(BZHI, R11, R11, R10).emit(KMOVQ, k(1), R11);
        a.emit(VMOVDQU8, zmm(16).zero(k(1)), mem(RDI, 0)).emit(VMOVDQU64, mem(RAX, 0), zmm(16));
        argument(a, RDI, TAIL_PLACE);
        a.emit(MOV, R10.low32(), imm(1)).emit(XOR, R11.low32(), R11.low32());
    }
}
