// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VADDSS;
import static dev.jay.tensor.asm.x86.Vectors.VEXTRACTF128;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231SS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;
import static dev.jay.tensor.kernel.machine.FloatCode.REST;
import static dev.jay.tensor.kernel.machine.FloatCode.ROW_BYTES;
import static dev.jay.tensor.kernel.machine.FloatCode.TIMES;
import static dev.jay.tensor.kernel.machine.FloatCode.VECTORS;
import static dev.jay.tensor.kernel.machine.FloatCode.W;
import static dev.jay.tensor.kernel.machine.FloatCode.X;
import static dev.jay.tensor.kernel.machine.FloatCode.X_STRIDE;
import static dev.jay.tensor.kernel.machine.FloatCode.Y;
import static dev.jay.tensor.kernel.machine.FloatCode.Y_STRIDE;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Some rows of float weights times some rows of f32. Each value has one register of sums: column c goes to lane c mod 8,
 * in order, by fma; then the lanes are added by halves, and the columns after the last whole eight to that, one by one. So
 * a value does not depend on how many rows and tokens are worked on together.
 */
final class FloatCode {
    /** Tokens at once that registers suffice for, with four rows. */
    static final int MOST_TOKENS = 3;

    private static final int AHEAD = 3072;
    private static final int UNROLLED = 4; // vectors between two tests of the loop

    private final FloatLoad format;
    private final int rows;
    private final int tokens;
    private final X86Assembler a;

    private FloatCode(FloatLoad format, int rows, int tokens, Set<String> features) {
        this.format = format;
        this.rows = rows;
        this.tokens = tokens;
        this.a = new X86Assembler(features);
    }

    static byte[] build(FloatLoad format, int rows, int tokens, Set<String> features) {
        return new FloatCode(format, rows, tokens, features).build();
    }

    private byte[] build() {
        Label next = a.label();
        Label singles = a.label();
        Label single = a.label();
        Label sums = a.label();
        Label loop = a.label();
        Reg[] kept = {RBX, RBP, R12, R13};
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI).emit(MOV, R12, mem(RBX, 8 * W)).emit(MOV, R13, mem(RBX, 8 * Y));
        a.emit(MOV, RBP, mem(RBX, 8 * TIMES));
        a.emit(MOV, R9, mem(RBX, 8 * ROW_BYTES)).emit(LEA, R10, mem(R9, R9, 2, 0));
        a.emit(MOV, RDX, mem(RBX, 8 * X_STRIDE));

        a.bind(next).emit(MOV, RDI, R12).emit(MOV, RSI, mem(RBX, 8 * X)).emit(MOV, RCX, mem(RBX, 8 * VECTORS));
        for (int i = 0; i < rows * tokens; i++) a.emit(VXORPS, ymm(i), ymm(i), ymm(i));
        a.emit(SUB, RCX, imm(UNROLLED)).jump(Condition.BELOW, singles);
        a.align(32).bind(loop);
        if (rows == 1) for (int at = 0; at < UNROLLED * step(); at += 64) a.emit(PREFETCHT1, mem(RDI, AHEAD + at));
        for (int v = 0; v < UNROLLED; v++) vector(v);
        a.emit(ADD, RDI, imm((long) UNROLLED * step())).emit(ADD, RSI, imm(32L * UNROLLED));
        a.emit(SUB, RCX, imm(UNROLLED)).jump(Condition.AT_LEAST, loop);
        a.bind(singles).emit(ADD, RCX, imm(UNROLLED)).jump(Condition.ZERO, sums);
        a.bind(single);
        vector(0);
        a.emit(ADD, RDI, imm(step())).emit(ADD, RSI, imm(32)).emit(DEC, RCX).jump(Condition.NOT_ZERO, single);
        a.bind(sums);
        addLanes();
        tail();
        store();
        if (rows == 4) a.emit(LEA, R12, mem(R12, R9, 4, 0));
        else a.emit(ADD, R12, R9);
        a.emit(ADD, R13, imm(4L * rows)).emit(DEC, RBP).jump(Condition.NOT_ZERO, next);
        a.emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        return a.emit(RET).finish();
    }

    /** Bytes of eight weights. */
    private int step() {
        return 8 * format.bytes;
    }

    private Reg sum(int row, int token) {
        return ymm(row * tokens + token);
    }

    private Mem w(int row, int at) {
        return switch (row) {
            case 0 -> mem(RDI, at);
            case 1 -> mem(RDI, R9, 1, at);
            case 2 -> mem(RDI, R9, 2, at);
            default -> mem(RDI, R10, 1, at);
        };
    }

    private Mem x(int token, int at) {
        return token == 0 ? mem(RSI, at) : mem(RSI, RDX, token, at);
    }

    /** Eight columns, the v-th of those at the pointers. */
    private void vector(int v) {
        for (int t = 0; t < tokens; t++) a.emit(VMOVUPS, ymm(12 + t), x(t, 32 * v));
        for (int r = 0; r < rows; r++) {
            format.load(a, ymm(15), w(r, step() * v));
            for (int t = 0; t < tokens; t++) a.emit(VFMADD231PS, sum(r, t), ymm(15), ymm(12 + t));
        }
    }

    /** The lowest lane of each = the sum of its lanes. */
    private void addLanes() {
        for (int i = 0; i < rows * tokens; i++) {
            Reg s = ymm(i);
            Reg way = ymm(12 + i % 4);
            a.emit(VEXTRACTF128, way.x(), s, imm(1)).emit(VADDPS, s.x(), s.x(), way.x());
            a.emit(VPSHUFD, way.x(), s.x(), imm(0x4E)).emit(VADDPS, s.x(), s.x(), way.x());
            a.emit(VPSHUFD, way.x(), s.x(), imm(1)).emit(VADDSS, s.x(), s.x(), way.x());
        }
    }

    /** Column after column. */
    private void tail() {
        Label column = a.label();
        Label none = a.label();
        a.emit(MOV, RCX, mem(RBX, 8 * REST)).emit(TEST, RCX, RCX).jump(Condition.ZERO, none);
        a.bind(column);
        for (int t = 0; t < tokens; t++) a.emit(VMOVSS, ymm(12 + t).x(), x(t, 0));
        for (int r = 0; r < rows; r++) {
            format.one(a, ymm(15), w(r, 0));
            for (int t = 0; t < tokens; t++)
                a.emit(VFMADD231SS, sum(r, t).x(), ymm(15).x(), ymm(12 + t).x());
        }
        a.emit(ADD, RDI, imm(format.bytes))
                .emit(ADD, RSI, imm(4))
                .emit(DEC, RCX)
                .jump(Condition.NOT_ZERO, column);
        a.bind(none);
    }

    private void store() {
        a.emit(MOV, RAX, R13).emit(MOV, R11, mem(RBX, 8 * Y_STRIDE));
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < rows; r++)
                a.emit(VMOVSS, mem(RAX, 4 * r), sum(r, t).x());
            if (t + 1 < tokens) a.emit(ADD, RAX, R11);
        }
    }
}
