// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.IMUL;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VMASKMOVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMAXPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPAND;
import static dev.jay.tensor.asm.x86.Vectors.VPANDN;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPCMPGTD;
import static dev.jay.tensor.asm.x86.Vectors.VPERM2F128;
import static dev.jay.tensor.asm.x86.Vectors.VPOR;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKHPS;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKLPS;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.kernel.avx2.AttentionCode.arg;
import static dev.jay.tensor.kernel.machine.AttentionCode.ADJUSTED;
import static dev.jay.tensor.kernel.machine.AttentionCode.BIAS;
import static dev.jay.tensor.kernel.machine.AttentionCode.CAP;
import static dev.jay.tensor.kernel.machine.AttentionCode.MAX;
import static dev.jay.tensor.kernel.machine.AttentionCode.SCALE;
import static dev.jay.tensor.kernel.machine.AttentionCode.SUM;
import static dev.jay.tensor.kernel.machine.AttentionCode.TWO_BY_CAP;
import static dev.jay.tensor.kernel.machine.AttentionCode.WEIGHTS;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Instruction;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Arrays;

/**
 * What a query takes of a tile of decoded rows: scores, weights, values. For the query at r14, its record at rbp, its out
 * at r15 and the slots [r8, r9) it sees; the rest is among the arguments of {@link AttentionCode}.
 */
final class TileCode {
    private static final int TILE = AttentionKernel.TILE;
    private static final int ROWS = 8; // scores at once
    private static final int PARTS = 8; // vectors of an out at once
    private static final int LANES = 8;

    private final X86Assembler a;
    private final Constants constants;
    private final int keyWidth;
    private final int valueWidth;
    private final Exp exp;

    TileCode(X86Assembler a, Constants constants, int keyWidth, int valueWidth) {
        this.a = a;
        this.constants = constants;
        this.keyWidth = keyWidth;
        this.valueWidth = valueWidth;
        this.exp = new Exp(a, constants);
    }

    private Mem lanes(int count) {
        int[] mask = new int[LANES];
        Arrays.fill(mask, 0, count, -1);
        return constants.ints(mask);
    }

    private Mem one(float value) {
        return constants.ints(Float.floatToRawIntBits(value));
    }

    /** Scores of the eights of slots among which there are visible ones, to the place of weights. */
    void scores() {
        Label next = a.label();
        Label unseen = a.label();
        Label end = a.label();
        a.emit(MOV, RDX, arg(AttentionCode.KEYS_AT)).emit(MOV, RAX, arg(AttentionCode.KEYS_STEP));
        a.emit(LEA, R10, mem(RAX, RAX, 2, 0)).emit(MOV, RDI, arg(WEIGHTS)).emit(XOR, RSI.low32(), RSI.low32());
        a.emit(VBROADCASTSS, ymm(14), arg(SCALE));
        a.bind(next).emit(CMP, RSI, R9).jump(Condition.NOT_LESS, end);
        a.emit(LEA, RCX, mem(RSI, ROWS)).emit(CMP, RCX, R8).jump(Condition.NOT_GREATER, unseen);
        products();
        a.emit(VMULPS, ymm(0), ymm(0), ymm(14)).emit(VMOVUPS, mem(RDI, RSI, 4, 0), ymm(0));
        a.bind(unseen)
                .emit(LEA, RDX, mem(RDX, RAX, 8, 0))
                .emit(ADD, RSI, imm(ROWS))
                .jump(next);
        a.bind(end);
    }

    /** ymm0 = the query by the eight rows from rdx, rax apart, 3 rax being in r10. */
    private void products() {
        int whole = keyWidth / LANES * 32;
        a.emit(LEA, R11, mem(RDX, RAX, 4, 0)).emit(XOR, RCX.low32(), RCX.low32());
        for (int i = 0; i < ROWS; i++) a.emit(VXORPS, ymm(i), ymm(i), ymm(i));
        if (whole > 0) {
            Label part = a.label();
            a.align(32).bind(part).emit(VMOVUPS, ymm(8), mem(R14, RCX, 1, 0));
            for (int i = 0; i < ROWS; i++) a.emit(VFMADD231PS, ymm(i), ymm(8), row(i));
            a.emit(ADD, RDX, imm(32)).emit(ADD, R11, imm(32)).emit(ADD, RCX, imm(32));
            a.emit(CMP, RCX, imm(whole)).jump(Condition.BELOW, part);
        }
        if (keyWidth % LANES != 0) {
            a.emit(VMOVUPS, ymm(9), lanes(keyWidth % LANES)).emit(VMASKMOVPS, ymm(8), ymm(9), mem(R14, whole));
            for (int i = 0; i < ROWS; i++) a.emit(VFMADD231PS, ymm(i), ymm(8), row(i));
        }
        if (whole > 0) a.emit(SUB, RDX, imm(whole));
        for (int i = 0; i < 8; i += 2) halve(VUNPCKLPS, VUNPCKHPS, i, i + 1);
        for (int i = 0; i < 8; i += 4) halve(VPUNPCKLQDQ, VPUNPCKHQDQ, i, i + 2);
        a.emit(VPERM2F128, ymm(8), ymm(0), ymm(4), imm(0x20)).emit(VPERM2F128, ymm(9), ymm(0), ymm(4), imm(0x31));
        a.emit(VADDPS, ymm(0), ymm(8), ymm(9));
    }

    private static Mem row(int i) {
        Reg base = i < 4 ? RDX : R11;
        return switch (i % 4) {
            case 0 -> mem(base, 0);
            case 1 -> mem(base, RAX, 1, 0);
            case 2 -> mem(base, RAX, 2, 0);
            default -> mem(base, R10, 1, 0);
        };
    }

    private void halve(Instruction low, Instruction high, int i, int j) {
        a.emit(low, ymm(8), ymm(i), ymm(j)).emit(high, ymm(9), ymm(i), ymm(j)).emit(VADDPS, ymm(i), ymm(8), ymm(9));
    }

    /** Scores become weights, and the record is renewed; ymm7 = what the sums so far are to be multiplied by. */
    void weights() {
        Label asIs = a.label();
        a.emit(MOV, RDX, arg(WEIGHTS));
        for (int i = 0; i < TILE / LANES; i++) a.emit(VMOVUPS, ymm(i), mem(RDX, 32 * i));
        a.emit(MOV, RAX, arg(ADJUSTED)).emit(TEST, RAX, RAX).jump(Condition.ZERO, asIs);
        adjust(asIs);
        a.bind(asIs);
        hide();
        a.emit(VMAXPS, ymm(8), ymm(0), ymm(1))
                .emit(VMAXPS, ymm(9), ymm(2), ymm(3))
                .emit(VMAXPS, ymm(8), ymm(8), ymm(9));
        Strips.fold(a, VMAXPS, ymm(8), ymm(9));
        a.emit(VBROADCASTSS, ymm(7), mem(RBP, MAX));
        a.emit(VMAXPS, ymm(8), ymm(8), ymm(7)); // in this order a NaN is passed over, and meets the sum
        a.emit(VMOVSS, mem(RBP, MAX), xmm(8));
        for (int i : new int[] {0, 1, 2, 3, 7}) {
            a.emit(VSUBPS, ymm(i), ymm(i), ymm(8));
            exp.emit(ymm(i), ymm(4), ymm(5), ymm(6));
        }
        for (int i = 0; i < TILE / LANES; i++) a.emit(VMOVUPS, mem(RDX, 32 * i), ymm(i));
        a.emit(VADDPS, ymm(0), ymm(0), ymm(1))
                .emit(VADDPS, ymm(2), ymm(2), ymm(3))
                .emit(VADDPS, ymm(0), ymm(0), ymm(2));
        Strips.fold(a, VADDPS, ymm(0), ymm(1));
        a.emit(VBROADCASTSS, ymm(1), mem(RBP, SUM)).emit(VFMADD213PS, ymm(1), ymm(7), ymm(0));
        a.emit(VMOVSS, mem(RBP, SUM), xmm(1));
    }

    private void adjust(Label done) {
        Label uncapped = a.label();
        a.emit(MOV, RAX, arg(CAP)).emit(TEST, RAX, RAX).jump(Condition.ZERO, uncapped);
        for (int i = 0; i < TILE / LANES; i++) cap(ymm(i));
        a.bind(uncapped);
        a.emit(MOV, RAX, arg(BIAS)).emit(TEST, RAX, RAX).jump(Condition.ZERO, done);
        for (int i = 0; i < TILE / LANES; i++) a.emit(VADDPS, ymm(i), ymm(i), mem(RAX, R12, 4, 32 * i));
    }

    /** The scores of slots outside [r8, r9) become the least. */
    private void hide() {
        a.emit(VMOVD, xmm(9), R8.low32()).emit(VPBROADCASTD, ymm(9), xmm(9));
        a.emit(VMOVD, xmm(10), R9.low32()).emit(VPBROADCASTD, ymm(10), xmm(10));
        a.emit(VBROADCASTSS, ymm(13), one(Float.NEGATIVE_INFINITY));
        for (int i = 0; i < TILE / LANES; i++) {
            int[] slots = new int[LANES];
            for (int lane = 0; lane < LANES; lane++) slots[lane] = LANES * i + lane;
            a.emit(VMOVUPS, ymm(11), constants.ints(slots)).emit(VPCMPGTD, ymm(12), ymm(9), ymm(11));
            a.emit(VPCMPGTD, ymm(11), ymm(10), ymm(11)).emit(VPANDN, ymm(12), ymm(12), ymm(11));
            a.emit(VPANDN, ymm(11), ymm(12), ymm(13)).emit(VPAND, ymm(i), ymm(i), ymm(12));
            a.emit(VPOR, ymm(i), ymm(i), ymm(11));
        }
    }

    /** cap * tanh(score / cap), as cap * (1 - 2 / (exp(2 * score / cap) + 1)). */
    private void cap(Reg scores) {
        a.emit(VBROADCASTSS, ymm(4), arg(TWO_BY_CAP)).emit(VMULPS, scores, scores, ymm(4));
        exp.emit(scores, ymm(4), ymm(5), ymm(6));
        a.emit(VBROADCASTSS, ymm(4), one(1f))
                .emit(VADDPS, scores, scores, ymm(4))
                .emit(VBROADCASTSS, ymm(4), one(2f));
        a.emit(VDIVPS, scores, ymm(4), scores).emit(VBROADCASTSS, ymm(4), arg(CAP));
        a.emit(VFNMADD213PS, scores, ymm(4), ymm(4));
    }

    /** out = out * ymm7 + the sum of weight * value over the visible slots, in their order. */
    void weigh() {
        a.emit(VMOVUPS, ymm(9), ymm(7));
        a.emit(MOV, RCX, arg(AttentionCode.VALUES_STEP)).emit(MOV, R11, R8).emit(IMUL, R11, RCX);
        a.emit(ADD, R11, arg(AttentionCode.VALUES_AT)).emit(MOV, R10, arg(WEIGHTS));
        for (int first = 0; first * LANES < valueWidth; first += PARTS) {
            Label next = a.label();
            int parts = Math.min(PARTS, Math.ceilDiv(valueWidth, LANES) - first);
            for (int i = 0; i < parts; i++) {
                part(first + i, ymm(i), true);
                a.emit(VMULPS, ymm(i), ymm(i), ymm(9));
            }
            a.emit(LEA, RDX, mem(R10, R8, 4, 0))
                    .emit(MOV, RSI, R11)
                    .emit(MOV, RAX, R9)
                    .emit(SUB, RAX, R8);
            a.align(32).bind(next).emit(VBROADCASTSS, ymm(8), mem(RDX, 0));
            for (int i = 0; i < parts; i++) a.emit(VFMADD231PS, ymm(i), ymm(8), mem(RSI, 32 * (first + i)));
            a.emit(ADD, RDX, imm(4)).emit(ADD, RSI, RCX).emit(DEC, RAX).jump(Condition.NOT_ZERO, next);
            for (int i = 0; i < parts; i++) part(first + i, ymm(i), false);
        }
    }

    /** Loads or stores a part of the out. */
    private void part(int part, Reg lanes, boolean isLoad) {
        Mem out = mem(R15, 32 * part);
        int count = valueWidth - LANES * part;
        if (count >= LANES) {
            if (isLoad) a.emit(VMOVUPS, lanes, out);
            else a.emit(VMOVUPS, out, lanes);
            return;
        }
        a.emit(VMOVUPS, ymm(10), lanes(count));
        if (isLoad) a.emit(VMASKMOVPS, lanes, ymm(10), out);
        else a.emit(VMASKMOVPS, out, ymm(10), lanes);
    }
}
