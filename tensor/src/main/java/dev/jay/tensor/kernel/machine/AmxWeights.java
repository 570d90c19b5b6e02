// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VBLENDMPS;
import static dev.jay.tensor.asm.x86.Avx512.VCMPPS;
import static dev.jay.tensor.asm.x86.Avx512.VPBROADCASTD_GPR;
import static dev.jay.tensor.asm.x86.Avx512.VPCMPD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMAXPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPMINSD;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.kernel.machine.AmxAttentionCode.ADJUSTED;
import static dev.jay.tensor.kernel.machine.AmxAttentionCode.BIAS;
import static dev.jay.tensor.kernel.machine.AmxAttentionCode.CAP;
import static dev.jay.tensor.kernel.machine.AmxAttentionCode.arg;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * What is done to a block's scores, which are of log2: a cap, a mask, weights by powers of two. The maximum of a query
 * is renewed only where a score is above it by more than 8, so that its sums are seldom scaled; what is divided at the
 * end is scaled alike. (Source: FlashAttention-4's conditional rescaling and its powers by polynomial.)
 */
final class AmxWeights {
    private static final int VECTORS = AmxLayout.BLOCK / 16;
    private static final float STALE = 8; // log2 of how far the sums may grow past the maximum
    private static final float LOG2_E = 1.44269504f;
    private static final int GREATER = 14; // of vcmpps; false of NaN
    private static final int LESS = 1; // of vpcmpd

    private final X86Assembler a;
    private final Sink sink;
    private final Mem stale;
    private final Mem minusInfinity;
    private final Mem slots;
    private final Mem sixteen;
    private final Mem one;
    private final Mem log2e;
    private final Powers powers;

    /** Where a query's weights go, and where its sums are. */
    interface Sink {
        /** Stores four vectors of weights from register x on, the first of slot 16 * from; zmm24 to zmm31 are free. */
        void store(int from, int x);

        /** Moves rdi to the weights of the next query, and r8 to its sums. */
        void next();

        /** Multiplies the sums at r8 by zmm24. Uses r9, rcx and zmm25. */
        void scale();
    }

    AmxWeights(X86Assembler a, Constants constants, Sink sink) {
        this.a = a;
        this.sink = sink;
        this.stale = constants.each(STALE);
        this.minusInfinity = constants.ints(Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
        this.slots = constants.ints(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        this.sixteen = constants.ints(16);
        this.one = constants.each(1f);
        this.log2e = constants.ints(Float.floatToRawIntBits(LOG2_E));
        this.powers = new Powers(a, constants);
    }

    /** A cap and a bias, where the arguments say so: for rsi queries from slot r13. Uses rax, rcx, rdi and vectors. */
    void adjust() {
        Label uncapped = a.label();
        Label done = a.label();
        a.emit(MOV, RAX, arg(ADJUSTED)).emit(TEST, RAX, RAX).jump(Condition.ZERO, done);
        a.emit(MOV, RAX, arg(CAP)).emit(TEST, RAX, RAX).jump(Condition.ZERO, uncapped);
        cap(arg(CAP));
        a.bind(uncapped).emit(MOV, RAX, arg(BIAS)).emit(TEST, RAX, RAX).jump(Condition.ZERO, done);
        addBias();
        a.bind(done);
    }

    /** Of rax, which is of e. */
    private void addBias() {
        Label next = a.label();
        a.emit(LEA, RDI, mem(RBX, AmxLayout.SCORES)).emit(MOV, RCX, RSI);
        a.emit(VBROADCASTSS, zmm(4), log2e);
        for (int i = 0; i < VECTORS; i++) a.emit(VMULPS, zmm(16 + i), zmm(4), mem(RAX, R13, 4, 64 * i));
        a.align(32).bind(next);
        for (int i = 0; i < VECTORS; i++) {
            a.emit(VADDPS, zmm(24), zmm(16 + i), mem(RDI, 64 * i)).emit(VMOVUPS, mem(RDI, 64 * i), zmm(24));
        }
        a.emit(ADD, RDI, imm(AmxLayout.SCORE_ROW)).emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
    }

    /**
     * score = cap * (1 - 2 / (2 to the power of score + 1)): the tangent, as the score is twice its argument, of log2.
     * For rsi queries, cap in the argument. Uses rcx, rdi and vectors.
     */
    private void cap(Mem cap) {
        Label next = a.label();
        powers.begin();
        a.emit(VBROADCASTSS, zmm(4), cap).emit(VADDPS, zmm(5), zmm(4), zmm(4));
        a.emit(LEA, RDI, mem(RBX, AmxLayout.SCORES)).emit(MOV, RCX, RSI);
        a.align(32).bind(next);
        for (int i = 0; i < VECTORS; i += 4) {
            for (int j = 0; j < 4; j++) a.emit(VMOVUPS, zmm(16 + j), mem(RDI, 64 * (i + j)));
            powers.power(16, 20, 24, 4);
            for (int j = 0; j < 4; j++) {
                Reg score = zmm(16 + j);
                a.emit(VADDPS, score, score, one).emit(VDIVPS, score, zmm(5), score);
                a.emit(VSUBPS, score, zmm(4), score).emit(VMOVUPS, mem(RDI, 64 * (i + j)), score);
            }
        }
        a.emit(ADD, RDI, imm(AmxLayout.SCORE_ROW)).emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
    }

    /** Scores of slots that a query does not see become -infinity; for rsi queries from the record at rbp on, r14 entries from slot r13. */
    void mask() {
        Label next = a.label();
        a.emit(LEA, RDI, mem(RBX, AmxLayout.SCORES)).emit(MOV, RCX, RSI).emit(MOV, RDX, RBP);
        a.emit(VPBROADCASTD_GPR, zmm(4), R13.low32()).emit(VBROADCASTSS, zmm(5), minusInfinity);
        a.emit(VBROADCASTSS, zmm(3), sixteen)
                .emit(MOV, RAX, R14)
                .emit(SHL, RAX, imm(5))
                .emit(ADD, RAX, R13);
        a.emit(VPBROADCASTD_GPR, zmm(2), RAX.low32());
        a.emit(VPADDD, zmm(4), zmm(4), slots);
        a.align(32).bind(next).emit(VBROADCASTSS, zmm(0), mem(RDX, 0)).emit(VBROADCASTSS, zmm(1), mem(RDX, 4));
        a.emit(VMOVUPS, zmm(16), zmm(4)).emit(VPMINSD, zmm(1), zmm(1), zmm(2));
        for (int i = 0; i < VECTORS; i++) {
            a.emit(VPCMPD, k(1), zmm(16), zmm(0), imm(LESS)).emit(VPCMPD, k(2), zmm(16), zmm(1), imm(LESS));
            a.emit(VBLENDMPS, zmm(17).mask(k(2)), zmm(5), mem(RDI, 64 * i));
            a.emit(VBLENDMPS, zmm(17).mask(k(1)), zmm(17), zmm(5)).emit(VMOVUPS, mem(RDI, 64 * i), zmm(17));
            a.emit(VPADDD, zmm(16), zmm(16), zmm(3));
        }
        a.emit(ADD, RDX, imm(AmxLayout.RECORD)).emit(ADD, RDI, imm(AmxLayout.SCORE_ROW));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
    }

    /** Weights of rsi queries, records from rbp on, sums from r8 on. Uses rax, rcx, rdx, rdi, r9 and moves rbp, r8. */
    void weigh() {
        Label next = a.label();
        Label renew = a.label();
        Label renewed = a.label();
        Label end = a.label();
        powers.begin();
        a.emit(LEA, RDX, mem(RBX, AmxLayout.SCORES)).emit(LEA, RDI, mem(RBX, AmxLayout.WEIGHTS));
        a.align(32).bind(next);
        for (int i = 0; i < VECTORS; i++) a.emit(VMOVUPS, zmm(16 + i), mem(RDX, 64 * i));
        for (int i = 0; i < 4; i++) a.emit(VMAXPS, zmm(24 + i), zmm(16 + i), zmm(20 + i));
        a.emit(VMAXPS, zmm(24), zmm(24), zmm(25)).emit(VMAXPS, zmm(26), zmm(26), zmm(27));
        a.emit(VMAXPS, zmm(5), zmm(24), zmm(26));
        Strips.fold(a, VMAXPS, zmm(5), zmm(28));
        a.emit(VBROADCASTSS, zmm(4), mem(RBP, AmxLayout.MAX)).emit(VADDPS, zmm(28), zmm(4), stale);
        a.emit(VCMPPS, k(1), zmm(5), zmm(28), imm(GREATER)).emit(KMOVW, RAX.low32(), k(1));
        a.emit(TEST, RAX.low32(), RAX.low32()).jump(Condition.NOT_ZERO, renew);
        a.bind(renewed);
        for (int half = 0; half < 2; half++) {
            int x = 16 + 4 * half;
            for (int i = 0; i < 4; i++) a.emit(VSUBPS, zmm(x + i), zmm(x + i), zmm(4));
            powers.power(x, 24, 28, 4);
            sink.store(4 * half, x);
        }
        for (int i = 0; i < 4; i++) a.emit(VADDPS, zmm(16 + i), zmm(16 + i), zmm(20 + i));
        a.emit(VADDPS, zmm(16), zmm(16), zmm(17)).emit(VADDPS, zmm(18), zmm(18), zmm(19));
        a.emit(VADDPS, zmm(16), zmm(16), zmm(18)).emit(VADDPS, zmm(16), zmm(16), mem(RBP, AmxLayout.SUM));
        a.emit(VMOVUPS, mem(RBP, AmxLayout.SUM), zmm(16));
        a.emit(ADD, RDX, imm(AmxLayout.SCORE_ROW)).emit(ADD, RBP, imm(AmxLayout.RECORD));
        sink.next();
        a.emit(DEC, RSI).jump(Condition.NOT_ZERO, next).jump(end);
        a.bind(renew);
        renew();
        a.jump(renewed).bind(end);
    }

    /** The maximum zmm4 becomes zmm5, and what was summed is scaled. */
    private void renew() {
        a.emit(VSUBPS, zmm(24), zmm(4), zmm(5))
                .emit(VMOVUPS, zmm(4), zmm(5))
                .emit(VMOVSS, mem(RBP, AmxLayout.MAX), xmm(5));
        powers.power(24, 25, 26, 1);
        a.emit(VMULPS, zmm(25), zmm(24), mem(RBP, AmxLayout.SUM)).emit(VMOVUPS, mem(RBP, AmxLayout.SUM), zmm(25));
        sink.scale();
    }
}
