// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.AND;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R8;
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
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMASKMOVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPADDW;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRAD;
import static dev.jay.tensor.asm.x86.Vectors.VPXOR;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Arrays;
import java.util.Set;

/**
 * Sixteen rows of w, made into a panel (see {@link PanelCode}), times up to four rows of {@link ByteForm}:
 * y[tokens][16]. A lane is a row. The eight chains of {@link GemvCode} of each row and token are kept in memory, which is
 * the first-level cache: registers are few, and each chain is met once in eight sums.
 */
final class GemmCode {
    /** Places in the block of arguments. */
    static final int PANEL = 0;

    static final int RECORDS = 1; // of the panel
    static final int Q = 2; // of the first token
    static final int PLANE_D = 3; // of the first token
    static final int PLANE_C = 4; // or c16
    static final int PLANE_XS = 5;
    static final int X_STRIDE = 6; // bytes from token to token
    static final int Y = 7;
    static final int Y_STRIDE = 8; // bytes
    static final int MASK = 9; // 4 * (16 - rows)
    static final int PARTS = 10; // place for chains: PARTS_BYTES

    static final int TOKENS = 4; // at most
    static final int PARTS_BYTES = 8 * TOKENS * 64;

    private static final int SPARE = 8; // ymm0 to ymm7 are the sums

    private final Group group;
    private final Dots dots;
    private final int tokens;
    private final X86Assembler a;
    private final Constants constants;
    private final Mem ones;

    private GemmCode(Group group, int tokens, Set<String> features) {
        this.group = group;
        this.dots = Dots.of(features);
        this.tokens = tokens;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.ones = constants.ints(GemvCode.ones());
    }

    /** @param tokens 1, 2 or 4 */
    static byte[] build(Group group, int tokens, Set<String> features) {
        return new GemmCode(group, tokens, features).build();
    }

    /** rdi = panel, rsi = q, rdx = d, rcx = c, r8 = xs, r9 = chains, rax = bytes to this sum's chain, rbp = sums left. */
    private byte[] build() {
        Label loop = a.label();
        boolean halves = group.sumCols() < ByteForm.BLOCK;
        a.emit(ENDBR64).emit(PUSH, RBX).emit(PUSH, RBP).emit(PUSH, R12).emit(MOV, RBX, RDI);
        Reg[] to = {RDI, RBP, RSI, RDX, RCX, R8, R10};
        for (int i = 0; i < to.length; i++) a.emit(MOV, to[i], mem(RBX, 8 * i));
        a.emit(LEA, R11, mem(R10, R10, 2, 0)).emit(MOV, R9, mem(RBX, 8 * PARTS));
        a.emit(VPXOR, ymm(SPARE), ymm(SPARE), ymm(SPARE));
        for (int at = 0; at < 8 * chain(); at += 32) a.emit(VMOVUPS, mem(R9, at), ymm(SPARE));
        a.emit(XOR, RAX.low32(), RAX.low32());
        a.align(32).bind(loop);
        for (int half = 0; half < (halves ? 2 : 1); half++) {
            if (dots.hasVnni()) wide(half);
            else narrow(half);
            scale();
            a.emit(ADD, RDI, imm(PanelCode.record(group))).emit(ADD, RAX, imm(chain()));
            a.emit(AND, RAX.low32(), imm(8L * chain() - 1));
        }
        a.emit(ADD, RSI, imm(32))
                .emit(ADD, RDX, imm(4))
                .emit(ADD, RCX, imm(halves ? 8 : 4))
                .emit(ADD, R8, imm(4));
        if (halves) a.emit(DEC, RBP);
        a.emit(DEC, RBP).jump(Condition.NOT_ZERO, loop);
        finish();
        a.emit(VZEROUPPER).emit(POP, R12).emit(POP, RBP).emit(POP, RBX).emit(RET);
        constants.write();
        return a.finish();
    }

    /** Bytes of one chain of every row and token. */
    private int chain() {
        return 64 * tokens;
    }

    private static Reg sum(int token, int half) {
        return ymm(2 * token + half);
    }

    /** A place of a plane or of q, of a token. */
    private static Mem of(Reg base, int token, int at) {
        return switch (token) {
            case 0 -> mem(base, at);
            case 1 -> mem(base, R10, 1, at);
            case 2 -> mem(base, R10, 2, at);
            default -> mem(base, R11, 1, at);
        };
    }

    private void begin(int token, int half, int xHalf) {
        Reg s = sum(token, half);
        if (group.zero() == 0) {
            a.emit(VPXOR, s, s, s);
            return;
        }
        a.emit(VPBROADCASTD, s, of(RCX, token, 4 * xHalf));
        if (group.correctionShift() > 0) a.emit(VPSRAD, s, s, imm(group.correctionShift()));
    }

    /** Each sum waits for its last step, so all the sums take their steps in turn. */
    private void wide(int xHalf) {
        for (int t = 0; t < tokens; t++) for (int half = 0; half < 2; half++) begin(t, half, xHalf);
        for (int i = 0; i < group.sumCols() / 4; i++) {
            for (int half = 0; half < 2; half++) a.emit(VMOVDQU, ymm(SPARE + half), mem(RDI, 64 * i + 32 * half));
            for (int t = 0; t < tokens; t++) {
                Reg x = ymm(10 + t % 2);
                a.emit(VPBROADCASTD, x, of(RSI, t, 16 * xHalf + 4 * i));
                for (int half = 0; half < 2; half++) Dots.add(a, sum(t, half), ymm(SPARE + half), x);
            }
        }
    }

    /** As many sums in 16 bits as surely fit, then those to 32. */
    private void narrow(int xHalf) {
        int quads = group.sumCols() / 4;
        int depth = Math.min(quads, Dots.depth(group));
        Reg w = ymm(SPARE);
        Reg magnitude = ymm(SPARE + 1);
        for (int half = 0; half < 2; half++) {
            for (int t = 0; t < tokens; t++) begin(t, half, xHalf);
            for (int i = 0; i < quads; i++) {
                a.emit(VMOVDQU, w, mem(RDI, 64 * i + 32 * half));
                if (group.isSigned()) Dots.magnitude(a, magnitude, w);
                for (int t = 0; t < tokens; t++) {
                    Reg x = ymm(10 + t % 2);
                    Reg pairs = ymm(12 + t);
                    boolean isFirst = i % depth == 0;
                    a.emit(VPBROADCASTD, x, of(RSI, t, 16 * xHalf + 4 * i));
                    Dots.pairs(a, group.isSigned(), isFirst ? pairs : x, w, magnitude, x);
                    if (!isFirst) a.emit(VPADDW, pairs, pairs, x);
                    if ((i + 1) % depth != 0 && i + 1 < quads) continue;
                    Dots.widen(a, pairs, pairs, ones);
                    a.emit(VPADDD, sum(t, half), sum(t, half), pairs);
                }
            }
        }
    }

    /** The sums' share of their chains. */
    private void scale() {
        int scales = PanelCode.scalesAt(group);
        a.emit(LEA, R12, mem(R9, RAX, 1, 0));
        for (int t = 0; t < tokens; t++) {
            a.emit(VBROADCASTSS, ymm(8), of(RDX, t, 0));
            if (group.hasOffsets()) a.emit(VBROADCASTSS, ymm(9), of(R8, t, 0));
            for (int half = 0; half < 2; half++) {
                Reg chain = ymm(12 + half);
                Mem place = mem(R12, 64 * t + 32 * half);
                a.emit(VMULPS, ymm(10 + half), ymm(8), mem(RDI, scales + 32 * half));
                a.emit(VMOVUPS, chain, place).emit(VCVTDQ2PS, sum(t, half), sum(t, half));
                a.emit(VFMADD231PS, chain, sum(t, half), ymm(10 + half));
                if (group.hasOffsets()) a.emit(VFNMADD231PS, chain, ymm(9), mem(RDI, scales + 64 + 32 * half));
                a.emit(VMOVUPS, place, chain);
            }
        }
    }

    private void finish() {
        int[] table = new int[32];
        Arrays.fill(table, 0, 16, -1);
        a.emit(LEA, RAX, constants.ints(table)).emit(ADD, RAX, mem(RBX, 8 * MASK));
        a.emit(VMOVDQU, ymm(14), mem(RAX, 0)).emit(VMOVDQU, ymm(15), mem(RAX, 32));
        a.emit(MOV, RAX, mem(RBX, 8 * Y));
        for (int t = 0; t < tokens; t++) {
            for (int half = 0; half < 2; half++) {
                for (int i = 0; i < 4; i++) {
                    int at = 64 * t + 32 * half + i * chain();
                    a.emit(VMOVUPS, ymm(i), mem(R9, at)).emit(VADDPS, ymm(i), ymm(i), mem(R9, at + 4 * chain()));
                }
                a.emit(VADDPS, ymm(0), ymm(0), ymm(2)).emit(VADDPS, ymm(1), ymm(1), ymm(3));
                a.emit(VADDPS, ymm(0), ymm(0), ymm(1));
                a.emit(VMASKMOVPS, mem(RAX, 32 * half), ymm(14 + half), ymm(0));
            }
            a.emit(ADD, RAX, mem(RBX, 8 * Y_STRIDE));
        }
    }
}
