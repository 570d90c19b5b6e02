// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.AND;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.IMUL;
import static dev.jay.tensor.asm.x86.Integers.INC;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R8;
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
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Sixteen rows of w, made into a panel (see {@link PanelCode}), and those of up to three panels that follow it, times up
 * to 16 tokens of one group of {@link Int8Form}: y[tokens][rows]. A lane is a row; each token has its float accumulator.
 * Float operations come in the order that {@link GemvCode} states, chain after chain.
 */
final class GemmCode {
    /** Places in the block of arguments. */
    static final int PANEL = 0;

    static final int PANEL_END = 1;
    static final int Q = 2; // of the first token
    static final int D = 3; // of the first token
    static final int Y = 4; // this and the panel are changed by the call, and the rows
    static final int Y_STRIDE = 5; // bytes
    static final int ROWS = 6; // a bit for each; more than 16 are of the panels that follow
    static final int PARTS = 7; // place for the sums of some chains

    static final int COUNT = 8; // tokens that there are

    private static final int CHAINS = 8;

    /** Chains come by fours, i and these more, each with its own copy of the loop: as one loop its end was hard to predict. */
    private static final int[] FOUR = {0, 4, 2, 6};

    /** The fours in the order in which their sums are put together. */
    private static final int[] ORDER = {0, 1};

    /** One chain, two, a four; and what products of tiles need. */
    static final int PARTS_BYTES = 3 * Int8Form.TOKENS * 64 + TileProducts.PLACE_BYTES;

    private static final Reg[] ACCUMULATORS = {
        zmm(0), zmm(1), zmm(2), zmm(3), zmm(4), zmm(5), zmm(16), zmm(17),
        zmm(6), zmm(7), zmm(8), zmm(9), zmm(10), zmm(11), zmm(12), zmm(13),
    };

    private final Panel panel;
    private final int tokens;
    private final X86Assembler a;
    private final Constants constants;
    private final Products products;

    private GemmCode(Panel panel, int tokens, Set<String> features) {
        this.panel = panel;
        this.tokens = tokens;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.products = TileProducts.serve(panel, features)
                ? new TileProducts(a, constants, tokens, PARTS_BYTES - TileProducts.PLACE_BYTES)
                : new VnniProducts(a, panel.sumCols(), tokens);
    }

    static byte[] build(Panel panel, int tokens, Set<String> features) {
        return new GemmCode(panel, tokens, features).build();
    }

    private byte[] build() {
        Label panels = a.label();
        Label four = a.label();
        Label finished = a.label();
        a.emit(ENDBR64).emit(PUSH, RBX).emit(MOV, RBX, RDI);
        a.emit(MOV, RCX, mem(RBX, 8 * PANEL_END)).emit(MOV, R9, mem(RBX, 8 * PARTS));
        products.enter();
        a.emit(LEA, R8, constants.ints(ORDER));
        a.bind(panels).emit(XOR, R11.low32(), R11.low32());
        a.bind(four);
        for (int i = 0; i < FOUR.length; i++) chain(i);
        addUp(finished);
        a.emit(INC, R11).jump(four);
        a.bind(finished);
        store();
        next(panels);
        products.leave();
        a.emit(VZEROUPPER).emit(POP, RBX).emit(RET);
        constants.write();
        return a.finish();
    }

    /** The i-th chain of four r11 of the order; after the last, the sum of them is in the accumulators. */
    private void chain(int i) {
        Label ended = a.label();
        start(FOUR[i], ended);
        if (products.comeLater()) ahead(ended);
        else loop();
        a.bind(ended);
        if (i % 2 == 1) add(0);
        if (i == 1) put(1);
        if (i % 2 == 0) put(0);
        if (i == 3) add(1);
    }

    /** Over the blocks of a chain. */
    private void loop() {
        Label loop = a.label();
        a.align(32).bind(loop);
        products.begin(0);
        fold(0, 0);
        a.emit(ADD, RDI, imm(wStep())).emit(ADD, RSI, imm(xStep()));
        a.emit(ADD, RDX, imm(xStep())).emit(ADD, R10, imm(xStep()));
        a.emit(CMP, RDI, RCX).jump(Condition.BELOW, loop);
    }

    /**
     * The same where products take long: while a block's sums are scaled those of the next are on their way to memory, and
     * the products of the one after it are taken. Blocks have a turn each, of two.
     */
    private void ahead(Label ended) {
        Label loop = a.label();
        Label one = a.label();
        Label[] last = {a.label(), a.label()};
        products.begin(0);
        toNext(one);
        products.begin(1);
        products.end(0);
        a.align(32).bind(loop);
        for (int turn = 0; turn < 2; turn++) {
            products.end(1 - turn);
            toNext(last[turn]);
            products.begin(turn);
            fold(turn, 2 * wStep());
            a.emit(ADD, RDX, imm(xStep())).emit(ADD, R10, imm(xStep()));
        }
        a.jump(loop);
        for (int turn = 0; turn < 2; turn++) {
            a.bind(last[turn]);
            fold(turn, 2 * wStep());
            a.emit(ADD, RDX, imm(xStep())).emit(ADD, R10, imm(xStep()));
            fold(1 - turn, wStep());
            a.jump(ended);
        }
        a.bind(one);
        products.end(0);
        fold(0, wStep());
    }

    private void toNext(Label none) {
        a.emit(ADD, RDI, imm(wStep())).emit(ADD, RSI, imm(xStep()));
        a.emit(CMP, RDI, RCX).jump(Condition.AT_LEAST, none);
    }

    private void put(int place) {
        for (int t = 0; t < tokens; t++) a.emit(VMOVUPS, part(place, t), ACCUMULATORS[t]);
    }

    private void add(int place) {
        for (int t = 0; t < tokens; t++) a.emit(VADDPS, ACCUMULATORS[t], ACCUMULATORS[t], part(place, t));
    }

    private Mem part(int place, int token) {
        return mem(R9, 64 * (place * tokens + token));
    }

    /** Bytes of a panel from a block of a chain to the next. */
    private int wStep() {
        return CHAINS * panel.record();
    }

    /** Bytes of x from a block of a chain to the next. */
    private int xStep() {
        return CHAINS * panel.sumCols() / Int8Form.BLOCK * Int8Form.RECORD;
    }

    /** To the first block of a chain of four r11 of the order, if it has one. */
    private void start(int chain, Label ended) {
        boolean halves = halves();
        a.emit(MOV, RAX.low32(), mem(R8, R11, 4, 0)).emit(ADD, RAX, imm(chain));
        a.emit(IMUL, RDI, RAX, imm(panel.record())).emit(ADD, RDI, mem(RBX, 8 * PANEL));
        a.emit(MOV, RSI, RAX);
        if (halves) a.emit(SHR, RSI, imm(1));
        a.emit(IMUL, RSI, RSI, imm(Int8Form.RECORD));
        a.emit(MOV, RDX, RSI).emit(ADD, RDX, mem(RBX, 8 * D)).emit(ADD, RSI, mem(RBX, 8 * Q));
        a.emit(MOV, R10, RDX);
        if (halves) { // 16 bytes of q, and as many of c16 as there are tokens
            a.emit(AND, RAX, imm(1)).emit(SHL, RAX, imm(4)).emit(ADD, RSI, RAX);
            a.emit(IMUL, RAX, RAX, imm(4 * Int8Form.TOKENS / 16)).emit(ADD, R10, RAX);
        }
        for (int t = 0; t < tokens; t++) {
            Reg acc = ACCUMULATORS[t];
            a.emit(VPXORD, acc, acc, acc);
        }
        a.emit(CMP, RDI, RCX).jump(Condition.AT_LEAST, ended);
    }

    /** The exact sums of a block, whose record is so far behind rdi, scaled and added to the accumulators. */
    private void fold(int turn, int behind) {
        int scales = 16 * panel.sumCols() - behind;
        a.emit(VMOVUPS, zmm(28), mem(RDI, scales));
        if (panel.hasOffsets()) a.emit(VMOVUPS, zmm(31), mem(RDI, scales + 64));
        for (int t = 0; t < tokens; t++) {
            Reg scale = zmm(29 + t % 2);
            Reg sum = products.sum(turn, t);
            a.emit(VMULPS, scale, zmm(28), mem(RDX, 4 * t).each());
            a.emit(VFMADD231PS, ACCUMULATORS[t], sum, scale);
            if (panel.hasOffsets()) {
                a.emit(
                        VFNMADD231PS,
                        ACCUMULATORS[t],
                        zmm(31),
                        mem(RDX, Int8Form.XS - Int8Form.D + 4 * t).each());
            }
        }
    }

    private boolean halves() {
        return panel.sumCols() < Int8Form.BLOCK;
    }

    /** The sum of four r11 of the order: the first waits for the second. */
    private void addUp(Label finished) {
        Label waits = a.label();
        a.emit(TEST, R11, R11).jump(Condition.ZERO, waits);
        add(2);
        a.jump(finished);
        a.bind(waits);
        put(2);
    }

    /** To the next panel, if rows are left. */
    private void next(Label panels) {
        a.emit(MOV, RAX, RCX).emit(SUB, RAX, mem(RBX, 8 * PANEL));
        a.emit(MOV, mem(RBX, 8 * PANEL), RCX).emit(ADD, RCX, RAX);
        a.emit(MOV, RAX, mem(RBX, 8 * Y)).emit(ADD, RAX, imm(64)).emit(MOV, mem(RBX, 8 * Y), RAX);
        a.emit(MOV, RAX, mem(RBX, 8 * ROWS)).emit(SHR, RAX, imm(16)).emit(MOV, mem(RBX, 8 * ROWS), RAX);
        a.jump(Condition.NOT_ZERO, panels);
    }

    private void store() {
        a.emit(MOV, RAX, mem(RBX, 8 * ROWS)).emit(KMOVW, k(1), RAX.low32());
        a.emit(MOV, RAX, mem(RBX, 8 * Y)).emit(MOV, RDX, mem(RBX, 8 * COUNT));
        Label end = a.label();
        for (int t = 0; t < tokens; t++) {
            a.emit(VMOVUPS, mem(RAX, 0).mask(k(1)), ACCUMULATORS[t]);
            a.emit(ADD, RAX, mem(RBX, 8 * Y_STRIDE));
            a.emit(DEC, RDX).jump(Condition.ZERO, end);
        }
        a.bind(end);
    }
}
