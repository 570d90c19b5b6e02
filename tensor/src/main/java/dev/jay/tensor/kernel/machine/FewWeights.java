// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VBLENDMPS;
import static dev.jay.tensor.asm.x86.Avx512.VBROADCASTF32X4;
import static dev.jay.tensor.asm.x86.Avx512.VCMPPS;
import static dev.jay.tensor.asm.x86.Avx512.VPBROADCASTD_GPR;
import static dev.jay.tensor.asm.x86.Avx512.VPCMPD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMAXPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.kernel.machine.FewCode.arg;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * What is done to the scores of 32 slots and a quad of queries, which are of log2: a cap, a bias, a mask, weights by powers
 * of two. A vector has four slots of four queries. A query's maximum is renewed only where a score is above it by more
 * than 8, so that its sums are seldom scaled. (Source: FlashAttention-4's conditional rescaling.)
 */
final class FewWeights {
    private static final int VECTORS = 8;
    private static final int SCORES = 16; // the first register
    private static final float STALE = 8; // log2 of how far the sums may grow past the maximum
    private static final float LOG2_E = 1.44269504f;
    private static final int GREATER = 14; // of vcmpps; false of NaN
    private static final int LESS = 1; // of vpcmpd

    private final X86Assembler a;
    private final Constants constants;
    private final FewLayout layout;
    private final Powers powers;

    FewWeights(X86Assembler a, Constants constants, FewLayout layout) {
        this.a = a;
        this.constants = constants;
        this.layout = layout;
        this.powers = new Powers(a, constants);
    }

    private static Mem weights(int vector) {
        return mem(RBX, FewLayout.WEIGHTS + 64 * vector);
    }

    private Mem each(float value) {
        return constants.ints(Float.floatToRawIntBits(value));
    }

    /** Of slots from r13 and the quad at rbp; its sights are where the argument says. Uses rax, rcx, r10 and vectors. */
    void emit() {
        Label adjusted = a.label();
        Label whole = a.label();
        Label masked = a.label();
        Label renewed = a.label();
        Label renew = a.label();
        Label end = a.label();
        for (int i = 0; i < VECTORS; i++) a.emit(VMOVUPS, zmm(SCORES + i), weights(i));
        powers.begin();
        a.emit(MOV, RAX, arg(FewCode.ADJUSTED)).emit(TEST, RAX, RAX).jump(Condition.ZERO, adjusted);
        adjust(adjusted);
        a.bind(adjusted).emit(CMP, R13, arg(FewCode.ALL_FROM)).jump(Condition.LESS, masked);
        a.emit(LEA, RAX, mem(R13, 32)).emit(CMP, RAX, arg(FewCode.ALL_TO)).jump(Condition.NOT_GREATER, whole);
        a.bind(masked);
        mask();
        a.bind(whole);
        for (int i = 0; i < 4; i++) a.emit(VMAXPS, zmm(24 + i), zmm(SCORES + i), zmm(SCORES + 4 + i));
        a.emit(VMAXPS, zmm(24), zmm(24), zmm(25)).emit(VMAXPS, zmm(26), zmm(26), zmm(27));
        a.emit(VMAXPS, zmm(24), zmm(24), zmm(26));
        FewEnds.foldSlots(a, VMAXPS, zmm(24), zmm(25));
        a.emit(VMOVUPS, zmm(4), mem(RBP, layout.max())).emit(VBROADCASTSS, zmm(5), each(STALE));
        a.emit(VADDPS, zmm(5), zmm(4), zmm(5)).emit(VCMPPS, k(1), zmm(24), zmm(5), imm(GREATER));
        a.emit(KMOVW, RAX.low32(), k(1)).emit(TEST, RAX.low32(), RAX.low32()).jump(Condition.NOT_ZERO, renew);
        a.bind(renewed);
        weigh();
        a.jump(end).bind(renew);
        renew();
        a.jump(renewed).bind(end);
    }

    private void weigh() {
        for (int half = 0; half < VECTORS; half += 4) {
            int x = SCORES + half;
            for (int i = 0; i < 4; i++) a.emit(VSUBPS, zmm(x + i), zmm(x + i), zmm(4));
            powers.power(x, 24, 28, 4);
            for (int i = 0; i < 4; i++) a.emit(VMOVUPS, weights(half + i), zmm(x + i));
        }
        for (int left = VECTORS / 2; left > 0; left /= 2) {
            for (int i = 0; i < left; i++) a.emit(VADDPS, zmm(SCORES + i), zmm(SCORES + i), zmm(SCORES + left + i));
        }
        a.emit(VADDPS, zmm(SCORES), zmm(SCORES), mem(RBP, layout.sum()));
        a.emit(VMOVUPS, mem(RBP, layout.sum()), zmm(SCORES));
    }

    /** The maxima zmm4 become zmm24 where k1 says so, and what those queries summed is scaled. */
    private void renew() {
        Label next = a.label();
        a.emit(VBLENDMPS, zmm(5).mask(k(1)), zmm(4), zmm(24)).emit(VSUBPS, zmm(24), zmm(4), zmm(5));
        a.emit(VMOVUPS, zmm(4), zmm(5)).emit(VMOVUPS, mem(RBP, layout.max()), zmm(5));
        powers.power(24, 25, 26, 1);
        a.emit(VBROADCASTSS, zmm(25), each(1f)).emit(VBLENDMPS, zmm(24).mask(k(1)), zmm(25), zmm(24));
        a.emit(VMOVUPS, mem(RBX, FewLayout.FACTORS), zmm(24));
        a.emit(VMULPS, zmm(24), zmm(24), mem(RBP, layout.sum())).emit(VMOVUPS, mem(RBP, layout.sum()), zmm(24));
        for (int q = 0; q < FewLayout.QUAD; q++) {
            a.emit(VBROADCASTSS, zmm(24 + q), mem(RBX, FewLayout.FACTORS + 4 * q));
        }
        a.emit(LEA, R10, mem(RBP, layout.sums()))
                .emit(MOV, RAX, imm(layout.valueParts()))
                .bind(next);
        for (int q = 0; q < FewLayout.QUAD; q++) {
            a.emit(VMULPS, zmm(28), zmm(24 + q), mem(R10, 64 * q)).emit(VMOVUPS, mem(R10, 64 * q), zmm(28));
        }
        a.emit(ADD, R10, imm(FewLayout.PART_BYTES)).emit(DEC, RAX).jump(Condition.NOT_ZERO, next);
    }

    /** Scores of slots that a query does not see become -infinity. */
    private void mask() {
        int[] four = new int[16]; // slots of a vector's lanes
        for (int i = 0; i < 16; i++) four[i] = i / 4;
        a.emit(MOV, R10, arg(FewCode.SIGHT));
        a.emit(VBROADCASTF32X4, zmm(24), mem(R10, 0)).emit(VBROADCASTF32X4, zmm(25), mem(R10, 16));
        a.emit(VPBROADCASTD_GPR, zmm(26), R13.low32()).emit(VPADDD, zmm(26), zmm(26), constants.ints(four));
        a.emit(VBROADCASTSS, zmm(27), constants.ints(4));
        a.emit(VBROADCASTSS, zmm(28), each(Float.NEGATIVE_INFINITY));
        for (int i = 0; i < VECTORS; i++) {
            a.emit(VPCMPD, k(1), zmm(26), zmm(24), imm(LESS)).emit(VPCMPD, k(2), zmm(26), zmm(25), imm(LESS));
            a.emit(VBLENDMPS, zmm(SCORES + i).mask(k(2)), zmm(28), zmm(SCORES + i));
            a.emit(VBLENDMPS, zmm(SCORES + i).mask(k(1)), zmm(SCORES + i), zmm(28));
            a.emit(VPADDD, zmm(26), zmm(26), zmm(27));
        }
    }

    /**
     * score = cap * (1 - 2 / (2 to the power of score + 1)): the tangent, as the score is twice its argument, of log2. Then
     * biases, which are of e, each for its slot's four lanes.
     */
    private void adjust(Label done) {
        Label uncapped = a.label();
        a.emit(MOV, RAX, arg(FewCode.CAP)).emit(TEST, RAX, RAX).jump(Condition.ZERO, uncapped);
        a.emit(VBROADCASTSS, zmm(4), arg(FewCode.CAP)).emit(VADDPS, zmm(5), zmm(4), zmm(4));
        a.emit(VBROADCASTSS, zmm(6), each(1f));
        for (int half = 0; half < VECTORS; half += 4) {
            powers.power(SCORES + half, 24, 28, 4);
            for (int i = 0; i < 4; i++) {
                Reg score = zmm(SCORES + half + i);
                a.emit(VADDPS, score, score, zmm(6)).emit(VDIVPS, score, zmm(5), score);
                a.emit(VSUBPS, score, zmm(4), score);
            }
        }
        a.bind(uncapped).emit(MOV, RAX, arg(FewCode.BIAS)).emit(TEST, RAX, RAX).jump(Condition.ZERO, done);
        a.emit(VBROADCASTSS, zmm(4), each(LOG2_E));
        for (int i = 0; i < VECTORS; i++) {
            int[] slots = new int[16]; // of each lane, among sixteen
            for (int lane = 0; lane < 16; lane++) slots[lane] = i % 4 * 4 + lane / 4;
            if (i % 4 == 0) a.emit(VMULPS, zmm(5), zmm(4), mem(RAX, R13, 4, 16 * i));
            a.emit(VMOVUPS, zmm(24), constants.ints(slots)).emit(VPERMPS, zmm(24), zmm(24), zmm(5));
            a.emit(VADDPS, zmm(SCORES + i), zmm(SCORES + i), zmm(24));
        }
    }
}
