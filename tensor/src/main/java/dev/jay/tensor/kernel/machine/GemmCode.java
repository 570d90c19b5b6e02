// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPDPBUSD;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Sixteen rows of w, made into a panel (see {@link PanelCode}), times up to eight tokens of one group of
 * {@link Int8Form}: y[tokens][16]. A lane is a row; each token has its float accumulator. Float operations come in the
 * order that {@link GemvCode} states, chain after chain.
 */
final class GemmCode {
    /** Places in the block of arguments. */
    static final int PANEL = 0;

    static final int PANEL_END = 1;
    static final int Q = 2; // of the first token
    static final int D = 3; // of the first token
    static final int Y = 4;
    static final int Y_STRIDE = 5; // bytes
    static final int ROWS = 6; // a bit for each of the 16
    static final int PARTS = 7; // place for the sums of two chains

    static final int PARTS_BYTES = 2 * Int8Form.TOKENS * 64;

    private static final int[] CHAINS = {0, 2, 1, 3};
    private static final Reg[] ACCUMULATORS = {
        zmm(0), zmm(1), zmm(2), zmm(3), zmm(4), zmm(5), zmm(16), zmm(17),
    };

    private final Panel panel;
    private final int tokens;
    private final X86Assembler a;
    private final Label loop;
    private final Label ended;

    private GemmCode(Panel panel, int tokens, Set<String> features) {
        this.panel = panel;
        this.tokens = tokens;
        this.a = new X86Assembler(features);
        this.loop = a.label();
        this.ended = a.label();
    }

    static byte[] build(Panel panel, int tokens, Set<String> features) {
        return new GemmCode(panel, tokens, features).build();
    }

    private byte[] build() {
        a.emit(ENDBR64).emit(PUSH, RBX).emit(MOV, RBX, RDI);
        a.emit(MOV, RCX, mem(RBX, 8 * PANEL_END)).emit(MOV, R9, mem(RBX, 8 * PARTS));
        start(0);
        a.align(32).bind(loop);
        block();
        a.emit(ADD, RDI, imm(4L * panel.record())).emit(ADD, RSI, imm(xStep())).emit(ADD, RDX, imm(xStep()));
        a.emit(ADD, R10, imm(xStep()));
        a.emit(CMP, RDI, RCX).jump(Condition.BELOW, loop);
        a.bind(ended);
        Label[] next = {a.label(), a.label(), a.label(), a.label()};
        for (int i = 1; i < CHAINS.length; i++) a.emit(CMP, R11, imm(i)).jump(Condition.BELOW, next[i]);
        finish();
        a.emit(VZEROUPPER).emit(POP, RBX).emit(RET);
        for (int i = 1; i < CHAINS.length; i++) {
            a.bind(next[i]);
            keep(i - 1);
            start(i);
            a.jump(loop);
        }
        return a.finish();
    }

    /** Bytes of x from a block of a chain to the next, four sums later. */
    private int xStep() {
        return 4 * panel.sumCols() / Int8Form.BLOCK * Int8Form.RECORD;
    }

    /** Which half of a block of x the sums of this chain take; 0 where they take all of it. */
    private int half(int chain) {
        return panel.sumCols() == Int8Form.BLOCK ? 0 : chain % 2;
    }

    /** To the first block of the i-th chain, if it has one. */
    private void start(int i) {
        int chain = CHAINS[i];
        int x = chain * panel.sumCols() / Int8Form.BLOCK * Int8Form.RECORD;
        a.emit(MOV, R11.low32(), imm(i));
        a.emit(MOV, RDI, mem(RBX, 8 * PANEL)).emit(ADD, RDI, imm((long) chain * panel.record()));
        a.emit(MOV, RSI, mem(RBX, 8 * Q)).emit(ADD, RSI, imm(x + 16L * half(chain)));
        a.emit(MOV, RDX, mem(RBX, 8 * D)).emit(ADD, RDX, imm(x));
        a.emit(MOV, R10, RDX).emit(ADD, R10, imm(4L * Int8Form.TOKENS * half(chain))); // the half's c16
        for (int t = 0; t < tokens; t++) {
            Reg acc = ACCUMULATORS[t];
            a.emit(VPXORD, acc, acc, acc);
        }
        a.emit(CMP, RDI, RCX).jump(Condition.AT_LEAST, ended);
    }

    /** Each sum waits for its last step, so the sums of all tokens take their steps in turn. */
    private void block() {
        int quads = panel.sumCols() / 4;
        boolean halves = panel.sumCols() < Int8Form.BLOCK;
        int c = (halves ? Int8Form.C16 : Int8Form.C) - Int8Form.D;
        for (int t = 0; t < tokens; t++) a.emit(VPBROADCASTD, sum(t), mem(R10, c + 4 * t));
        for (int i = 0; i < quads; i++) {
            Reg w = zmm(26 + i % 2);
            a.emit(VMOVDQU64, w, mem(RDI, 64 * i));
            for (int t = 0; t < tokens; t++) {
                a.emit(VPDPBUSD, sum(t), w, mem(RSI, Int8Form.BLOCK * t + 4 * i).each());
            }
        }
        a.emit(VMOVUPS, zmm(28), mem(RDI, 64 * quads));
        if (panel.hasOffsets()) a.emit(VMOVUPS, zmm(31), mem(RDI, 64 * quads + 64));
        for (int t = 0; t < tokens; t++) {
            Reg scale = zmm(29 + t % 2);
            a.emit(VMULPS, scale, zmm(28), mem(RDX, 4 * t).each()).emit(VCVTDQ2PS, sum(t), sum(t));
            a.emit(VFMADD231PS, ACCUMULATORS[t], sum(t), scale);
            if (panel.hasOffsets()) {
                a.emit(
                        VFNMADD231PS,
                        ACCUMULATORS[t],
                        zmm(31),
                        mem(RDX, Int8Form.XS - Int8Form.D + 4 * t).each());
            }
        }
    }

    private static Reg sum(int token) {
        return zmm(18 + token);
    }

    /** Puts the sums of the i-th chain away: of the first two together, of the third alone. */
    private void keep(int i) {
        for (int t = 0; t < tokens; t++) {
            Mem place = mem(R9, 64 * t + i / 2 * (PARTS_BYTES / 2));
            if (i == 1) a.emit(VADDPS, ACCUMULATORS[t], ACCUMULATORS[t], place);
            a.emit(VMOVUPS, place, ACCUMULATORS[t]);
        }
    }

    private void finish() {
        a.emit(MOV, RAX, mem(RBX, 8 * ROWS)).emit(KMOVW, k(1), RAX.low32());
        a.emit(MOV, RAX, mem(RBX, 8 * Y));
        for (int t = 0; t < tokens; t++) {
            a.emit(VADDPS, ACCUMULATORS[t], ACCUMULATORS[t], mem(R9, 64 * t + PARTS_BYTES / 2));
            a.emit(VADDPS, ACCUMULATORS[t], ACCUMULATORS[t], mem(R9, 64 * t));
            a.emit(VMOVUPS, mem(RAX, 0).mask(k(1)), ACCUMULATORS[t]);
            a.emit(ADD, RAX, mem(RBX, 8 * Y_STRIDE));
        }
    }
}
