// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVQ;
import static dev.jay.tensor.asm.x86.Avx512.VEXTRACTF32X4;
import static dev.jay.tensor.asm.x86.Avx512.VEXTRACTF64X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU8;
import static dev.jay.tensor.asm.x86.Avx512.VPDPBUSD;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
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
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
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
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Rows of w times one row of x in planes, or a few: one row of w after the other, so that memory is one sequential stream,
 * with prefetches ahead of it. A few rows of x take each group of weights from the first-level cache, where the first
 * leaves it unpacked. The last, short group of a row is copied to a zeroed place first: nothing past the row is read.
 *
 * <p>The order of float operations, which {@link GemmCode} keeps too: sum i of a row goes to chain i mod 8 by
 * {@code chain = fma(sum, scale * d, chain)}, then, if weights have offsets, {@code chain = fma(-offset, xs, chain)};
 * at the end chain i + 4 is added to chain i, then i + 2, i + 1.
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
    static final int TOKENS = 11; // rows of x, and what follows, for a few of them only
    static final int X_STRIDE = 12; // bytes between rows of x, in each plane
    static final int X_ALL = 13; // X_STRIDE times TOKENS
    static final int Y_STRIDE = 14; // bytes
    static final int PLACE = 15; // placeBytes
    static final int TOUCH = 16; // bytes ahead

    private static final int SCALES = 512; // of a group, after its vectors
    private static final int CHAINS = SCALES + 128; // of each row of x, after scales and offsets

    private final Group group;
    private final boolean few;
    private final X86Assembler a;
    private final Constants constants;

    private GemvCode(Group group, boolean few, Set<String> features) {
        this.group = group;
        this.few = few;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    /** @param few for some rows of x, instead of one */
    static byte[] build(Group group, boolean few, Set<String> features) {
        return new GemvCode(group, few, features).build();
    }

    /** Bytes of the place for a short group. */
    static long tailPlaceBytes(Group group) {
        return Math.ceilDiv(group.bytes(), 64) * 64L + 64;
    }

    /** Bytes of the place for unpacked weights and chains. */
    static long placeBytes(int tokens) {
        return CHAINS + 64L * tokens;
    }

    private static X86Assembler argument(X86Assembler a, Reg to, int index) {
        return a.emit(MOV, to, mem(RBX, 8 * index));
    }

    private byte[] build() {
        Label row = a.label();
        Label loop = a.label();
        Label ended = a.label();
        Label done = a.label();
        Reg[] kept = {RBX, RBP, R12, R13, R14, R15};
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI);
        argument(a, R12, W);
        argument(a, R13, Y);
        argument(a, RBP, ROWS);
        argument(a, RCX, PLANE_D);
        argument(a, R8, PLANE_C);
        argument(a, R9, PLANE_XS);
        if (few) argument(a, R14, PLACE);
        group.begin(a, constants);

        a.bind(row);
        argument(a, RSI, Q);
        argument(a, R10, GROUPS);
        argument(a, R11, TAIL);
        a.emit(MOV, RDI, R12).emit(XOR, RDX.low32(), RDX.low32());
        a.emit(VPXORD, zmm(0), zmm(0), zmm(0));
        if (few) eachToken(() -> a.emit(VMOVUPS, mem(R14, RAX, 1, CHAINS), ymm(0)));
        a.emit(TEST, R10, R10).jump(Condition.ZERO, ended);
        a.align(32).bind(loop);
        argument(a, RAX, TOUCH);
        Ahead.touch(a, RDI, RAX);
        if (few) several();
        else single();
        a.emit(ADD, RDI, imm(group.bytes())).emit(ADD, RSI, imm(group.cols())).emit(ADD, RDX, imm(planeStep()));
        a.emit(DEC, R10).jump(Condition.NOT_ZERO, loop);
        a.bind(ended).emit(TEST, R11, R11).jump(Condition.ZERO, done);
        copyTail();
        a.jump(loop);

        a.bind(done);
        finish();
        a.emit(ADD, R13, imm(4)).emit(ADD, R12, mem(RBX, 8 * ROW_BYTES));
        a.emit(DEC, RBP).jump(Condition.NOT_ZERO, row);
        a.emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    /** d and xs have one value for 32 columns. */
    private int planeStep() {
        return group.cols() / Int8Form.BLOCK * 4;
    }

    private boolean isFirst(int v) {
        return v == 0 || group.sum(v) != group.sum(v - 1);
    }

    private void weights(int v) {
        Ahead.lines(a, RDI, group.bytes(), v, group.vectors());
        group.weights(a, v);
    }

    private void multiply(int v) {
        Reg sum = Groups.sum(group.sum(v));
        if (isFirst(v)) a.emit(VPXORD, sum, sum, sum);
        a.emit(VPDPBUSD, sum, zmm(19), mem(RSI, 64 * v));
    }

    /** A group for one row of x, whose chains are in zmm0. */
    private void single() {
        for (int v = 0; v < group.vectors(); v++) {
            weights(v);
            multiply(v);
        }
        group.fold(a);
        a.emit(VCVTDQ2PS, Groups.sum(0), zmm(16));
        group.scales(a);
        scaled(zmm(19), zmm(17));
        chain(zmm(0), Groups.sum(0), zmm(19), zmm(18));
    }

    /** A group for each row of x in turn. */
    private void several() {
        for (int v = 0; v < group.vectors(); v++) {
            weights(v);
            a.emit(VMOVDQU64, mem(R14, 64 * v), zmm(19));
        }
        group.scales(a);
        a.emit(VMOVUPS, mem(R14, SCALES), zmm(17));
        if (group.hasOffsets()) a.emit(VMOVUPS, mem(R14, SCALES + 64), zmm(18));
        eachToken(() -> {
            for (int v = 0; v < group.vectors(); v++) {
                a.emit(VMOVDQU64, zmm(19), mem(R14, 64 * v));
                multiply(v);
            }
            group.fold(a);
            a.emit(VCVTDQ2PS, zmm(16), zmm(16)).emit(VMOVUPS, zmm(17), mem(R14, SCALES));
            scaled(zmm(17), zmm(17));
            if (group.hasOffsets()) a.emit(VMOVUPS, zmm(19), mem(R14, SCALES + 64));
            a.emit(VMOVUPS, ymm(18), mem(R14, RAX, 1, CHAINS));
            chain(zmm(18), zmm(16), zmm(17), zmm(19));
            a.emit(VMOVUPS, mem(R14, RAX, 1, CHAINS), ymm(18));
            for (Reg r : new Reg[] {RSI, RCX, R8, R9}) a.emit(ADD, r, mem(RBX, 8 * X_STRIDE));
        });
        for (Reg r : new Reg[] {RSI, RCX, R8, R9}) a.emit(SUB, r, mem(RBX, 8 * X_ALL));
    }

    /** With rax = 64 times the number of the row of x. */
    private void eachToken(Runnable body) {
        Label next = a.label();
        argument(a, R15, TOKENS);
        a.emit(XOR, RAX.low32(), RAX.low32()).bind(next);
        body.run();
        a.emit(ADD, RAX, imm(64)).emit(DEC, R15).jump(Condition.NOT_ZERO, next);
    }

    /** Scales of w times those of x. */
    private void scaled(Reg to, Reg scales) {
        if (group.sumCols() == Int8Form.BLOCK) {
            a.emit(VMULPS, to, scales, mem(RCX, RDX, 1, 0));
        } else {
            a.emit(VMOVUPS, ymm(19), mem(RCX, RDX, 1, 0)).emit(VPERMPS, zmm(19), zmm(20), zmm(19));
            a.emit(VMULPS, to, scales, zmm(19));
        }
    }

    /** Sixteen sums to eight chains: the first eight, then the others. */
    private void chain(Reg chains, Reg sums, Reg scales, Reg offsets) {
        for (int half = 0; half < 2; half++) {
            if (half > 0) a.emit(VEXTRACTF64X4, sums.y(), sums, imm(1)).emit(VEXTRACTF64X4, scales.y(), scales, imm(1));
            a.emit(VFMADD231PS, chains.y(), sums.y(), scales.y());
            if (!group.hasOffsets()) continue;
            if (half > 0) a.emit(VEXTRACTF64X4, offsets.y(), offsets, imm(1));
            a.emit(VFNMADD231PS, chains.y(), offsets.y(), mem(R9, RDX, 1, 32 * half));
        }
    }

    /** The chains, put together, to y. */
    private void finish() {
        if (!few) {
            addUp(zmm(0));
            a.emit(VMOVSS, mem(R13, 0), xmm(0));
            return;
        }
        a.emit(MOV, RDX, R13);
        eachToken(() -> {
            a.emit(VMOVUPS, ymm(16), mem(R14, RAX, 1, CHAINS));
            addUp(zmm(16));
            a.emit(VMOVSS, mem(RDX, 0), xmm(16)).emit(ADD, RDX, mem(RBX, 8 * Y_STRIDE));
        });
    }

    private void addUp(Reg s) {
        a.emit(VEXTRACTF32X4, xmm(17), s.y(), imm(1)).emit(VADDPS, s.x(), s.x(), xmm(17));
        a.emit(VPSHUFD, xmm(17), s.x(), imm(0x4E)).emit(VADDPS, s.x(), s.x(), xmm(17));
        a.emit(VPSHUFD, xmm(17), s.x(), imm(1)).emit(VADDSS, s.x(), s.x(), xmm(17));
    }

    /** The short group at rdi goes to its place, and rdi to it; r10 = 1 group, r11 = 0 bytes of tail left. */
    private void copyTail() {
        Label next = a.label();
        Label last = a.label();
        argument(a, RAX, TAIL_PLACE);
        a.emit(MOV, R10, R11);
        a.bind(next);
        Ahead.lines(a, RDI, 64, 0, 1);
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
