// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VEXTRACTF32X4;
import static dev.jay.tensor.asm.x86.Avx512.VEXTRACTF64X4;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
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
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VADDSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Some rows of float weights times some rows of f32. Each value has one register of sums: column c goes to lane c mod 16,
 * in order, by fma; at the end the upper half of the lanes is added to the lower until one is left. So a value does not
 * depend on how many rows and tokens are worked on together.
 */
public final class FloatCode {
    /** Places in the block of arguments, which is the same whatever the width of the registers. */
    public static final int W = 0;

    public static final int ROW_BYTES = 1;
    public static final int X = 2;
    public static final int X_STRIDE = 3; // bytes
    public static final int Y = 4;
    public static final int Y_STRIDE = 5; // bytes
    public static final int VECTORS = 6; // whole registers of columns, in a row
    public static final int TAIL = 7; // a bit for each column after them
    public static final int TIMES = 8; // that `rows` rows are done
    public static final int REST = 9; // columns of the tail

    private static final int UNROLLED = 8; // vectors between two prefetches and tests of the loop

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

    /** @param rows 1 or 4, as is {@code tokens} */
    static byte[] build(FloatLoad format, int rows, int tokens, Set<String> features) {
        return new FloatCode(format, rows, tokens, features).build();
    }

    private byte[] build() {
        Label next = a.label();
        Label singles = a.label();
        Label single = a.label();
        Label tail = a.label();
        Label sums = a.label();
        Label loop = a.label();
        Reg[] kept = {RBX, RBP, R12, R13};
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI).emit(MOV, R12, mem(RBX, 8 * W)).emit(MOV, R13, mem(RBX, 8 * Y));
        a.emit(MOV, RBP, mem(RBX, 8 * TIMES));
        a.emit(MOV, R9, mem(RBX, 8 * ROW_BYTES)).emit(LEA, R10, mem(R9, R9, 2, 0));
        a.emit(MOV, RDX, mem(RBX, 8 * X_STRIDE)).emit(LEA, R11, mem(RDX, RDX, 2, 0));
        a.emit(MOV, RAX, mem(RBX, 8 * TAIL)).emit(KMOVW, k(1), RAX.low32());

        a.bind(next);
        if (rows == 1) Ahead.touchPages(a, R12, mem(RBX, 8 * ROW_BYTES), RAX, RCX);
        a.emit(MOV, RDI, R12).emit(MOV, RSI, mem(RBX, 8 * X)).emit(MOV, RCX, mem(RBX, 8 * VECTORS));
        for (int i = 0; i < rows * tokens; i++) a.emit(VPXORD, sum(i), sum(i), sum(i));
        a.emit(SUB, RCX, imm(UNROLLED)).jump(Condition.BELOW, singles);
        a.align(32).bind(loop);
        if (rows == 1) Ahead.lines(a, RDI, stride());
        for (int v = 0; v < UNROLLED; v++) vector(v, false);
        a.emit(ADD, RDI, imm(stride())).emit(ADD, RSI, imm(64L * UNROLLED));
        a.emit(SUB, RCX, imm(UNROLLED)).jump(Condition.AT_LEAST, loop);
        a.bind(singles).emit(ADD, RCX, imm(UNROLLED)).jump(Condition.ZERO, tail);
        a.bind(single);
        vector(0, false);
        a.emit(ADD, RDI, imm(16L * format.bytes)).emit(ADD, RSI, imm(64));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, single);
        a.bind(tail).emit(MOV, RAX, mem(RBX, 8 * TAIL)).emit(TEST, RAX, RAX).jump(Condition.ZERO, sums);
        vector(0, true);
        a.bind(sums);
        store();
        if (rows == 4) a.emit(LEA, R12, mem(R12, R9, 4, 0));
        else a.emit(ADD, R12, R9);
        a.emit(ADD, R13, imm(4L * rows)).emit(DEC, RBP).jump(Condition.NOT_ZERO, next);
        a.emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        return a.emit(RET).finish();
    }

    /** Bytes of w that the unrolled loop takes at once. */
    private int stride() {
        return 16 * format.bytes * UNROLLED;
    }

    /** The i-th of up to sixteen registers of sums. */
    private static Reg sum(int i) {
        return zmm(i < 6 ? i : 10 + i);
    }

    private static Mem row(Reg base, Reg stride, Reg triple, int i, int at) {
        return switch (i) {
            case 0 -> mem(base, at);
            case 1 -> mem(base, stride, 1, at);
            case 2 -> mem(base, stride, 2, at);
            default -> mem(base, triple, 1, at);
        };
    }

    /** Sixteen columns, the v-th of those at the pointers; masked: only those of the tail. */
    private void vector(int v, boolean masked) {
        for (int t = 0; t < tokens; t++) {
            Reg x = zmm(26 + t);
            a.emit(VMOVUPS, masked ? x.zero(k(1)) : x, row(RSI, RDX, R11, t, 64 * v));
        }
        for (int r = 0; r < rows; r++) {
            Reg w = zmm(30 + r % 2);
            format.load(a, masked ? w.zero(k(1)) : w, row(RDI, R9, R10, r, 16 * format.bytes * v));
            for (int t = 0; t < tokens; t++) a.emit(VFMADD231PS, sum(r * tokens + t), w, zmm(26 + t));
        }
    }

    private void store() {
        a.emit(MOV, RAX, R13);
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < rows; r++) {
                Reg s = sum(r * tokens + t);
                a.emit(VEXTRACTF64X4, ymm(30), s, imm(1)).emit(VADDPS, s.y(), s.y(), ymm(30));
                a.emit(VEXTRACTF32X4, xmm(30), s.y(), imm(1)).emit(VADDPS, s.x(), s.x(), xmm(30));
                a.emit(VPSHUFD, xmm(30), s.x(), imm(0x4E)).emit(VADDPS, s.x(), s.x(), xmm(30));
                a.emit(VPSHUFD, xmm(30), s.x(), imm(1)).emit(VADDSS, s.x(), s.x(), xmm(30));
                a.emit(VMOVSS, mem(RAX, 4 * r), s.x());
            }
            if (t + 1 < tokens) a.emit(ADD, RAX, mem(RBX, 8 * Y_STRIDE));
        }
    }
}
