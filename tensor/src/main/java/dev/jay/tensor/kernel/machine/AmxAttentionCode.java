// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Amx.TDPBF16PS;
import static dev.jay.tensor.asm.x86.Amx.TILELOADD;
import static dev.jay.tensor.asm.x86.Amx.TILERELEASE;
import static dev.jay.tensor.asm.x86.Amx.TILESTORED;
import static dev.jay.tensor.asm.x86.Amx.TILEZERO;
import static dev.jay.tensor.asm.x86.Avx512.VCVTNE2PS2BF16;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMOVG;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.MOVSXD;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
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
import static dev.jay.tensor.asm.x86.Reg.tmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
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
 * Attention on AMX tiles: block by block of 128 slots, the rows become tiles of bf16 once for all queries of the call;
 * then 32 queries (or the last 16) at a time take products, weights, products. Sums stay f32. Tiles are configured on
 * entry and released on return. (Source: FlashAttention-2's tiling.)
 */
final class AmxAttentionCode {
    /** Places in the block of arguments. */
    static final int LIST = 0;

    static final int ENTRIES = 1; // at least 1
    static final int FIRST = 2; // slot of the first entry
    static final int KEY_STRIDE = 3;
    static final int VALUE_STRIDE = 4;
    static final int GROUPS = 5;
    static final int RECORDS = 6;
    static final int QUERIES = 7;
    static final int SUMS = 8;
    static final int COUNT = 9; // queries, at least 1
    static final int CAP = 10; // as a float's bits, of log2; 0: none

    static final int BIAS = 18; // where slot 0's would be; 0: none
    static final int ADJUSTED = 19; // 0: neither

    private static final int GROUP = 11; // from here on its own
    private static final int RECORD = 12;
    private static final int QUERY = 13;
    private static final int SUM = 14;
    private static final int LEFT = 15; // queries from this group on
    private static final int MASKED = 16;
    private static final int SEEN = 17; // entries of this block that the group sees

    private static final int TILE = AmxLayout.TILE_BYTES;

    private final KvLoad keys;
    private final KvLoad values;
    private final AmxLayout layout;
    private final X86Assembler a;
    private final AmxWeights weights;
    private final AmxRows rows;
    private final Constants constants;

    private AmxAttentionCode(KvLoad keys, KvLoad values, AmxLayout layout, Set<String> features) {
        this.keys = keys;
        this.values = values;
        this.layout = layout;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.weights = new AmxWeights(a, constants, new Sums());
        this.rows = new AmxRows(a, constants, layout);
    }

    static byte[] build(KvLoad keys, KvLoad values, AmxLayout layout, Set<String> features) {
        return new AmxAttentionCode(keys, values, layout, features).build();
    }

    static Mem arg(int index) {
        return mem(RBX, 8 * index);
    }

    private byte[] build() {
        Reg[] kept = {RBX, RBP, R12, R13, R14, R15};
        Label block = a.label();
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI);
        Tiles.configure(a, constants);
        LaneMask.first(a, k(6), layout.keyWidth() % 32);
        LaneMask.first(a, k(5), layout.valueWidth() % 16);
        a.emit(MOV, R12, arg(LIST)).emit(MOV, R13, arg(FIRST));
        a.bind(block);
        a.emit(MOV, R14, arg(ENTRIES)).emit(MOV, RAX, imm(AmxLayout.BLOCK_TILES));
        a.emit(CMP, R14, RAX).emit(CMOVG, R14, RAX);
        a.emit(MOV, RAX, arg(KEY_STRIDE));
        rows.keys(keys);
        a.emit(MOV, RAX, arg(VALUE_STRIDE));
        rows.values(values);
        groups();
        a.emit(ADD, R12, imm(AmxLayout.BLOCK_TILES * AmxLayout.ENTRY)).emit(ADD, R13, imm(AmxLayout.BLOCK));
        a.emit(MOV, RAX, arg(ENTRIES))
                .emit(SUB, RAX, imm(AmxLayout.BLOCK_TILES))
                .emit(MOV, arg(ENTRIES), RAX);
        a.jump(Condition.GREATER, block);
        a.emit(TILERELEASE).emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    /** Each 32 queries in turn. */
    private void groups() {
        Label next = a.label();
        Label skip = a.label();
        a.emit(MOV, RAX, arg(GROUPS)).emit(MOV, arg(GROUP), RAX);
        a.emit(MOV, RAX, arg(RECORDS)).emit(MOV, arg(RECORD), RAX);
        a.emit(MOV, RAX, arg(QUERIES)).emit(MOV, arg(QUERY), RAX);
        a.emit(MOV, RAX, arg(SUMS)).emit(MOV, arg(SUM), RAX);
        a.emit(MOV, RAX, arg(COUNT)).emit(MOV, arg(LEFT), RAX);
        a.align(32).bind(next);
        seen(skip);
        products();
        a.emit(MOV, RSI, imm(AmxLayout.PAIR)).emit(MOV, RAX, arg(LEFT));
        a.emit(CMP, RSI, RAX).emit(CMOVG, RSI, RAX);
        capAndMask();
        a.emit(MOV, RBP, arg(RECORD)).emit(MOV, R8, arg(SUM));
        weights.weigh();
        mix();
        a.bind(skip);
        move(GROUP, AmxLayout.GROUP);
        move(RECORD, AmxLayout.PAIR * AmxLayout.RECORD);
        move(QUERY, AmxLayout.PAIR * layout.queryRow());
        move(SUM, AmxLayout.PAIR * layout.sumRow());
        move(LEFT, -AmxLayout.PAIR);
        a.jump(Condition.GREATER, next);
    }

    private void move(int at, int by) {
        a.emit(MOV, RAX, arg(at)).emit(ADD, RAX, imm(by)).emit(MOV, arg(at), RAX);
    }

    /** SEEN = entries up to the last that any query of the group sees, and whether any is hidden from some. */
    private void seen(Label skip) {
        Label whole = a.label();
        Label masked = a.label();
        a.emit(MOV, RSI, arg(GROUP)).emit(LEA, RCX, mem(R13, AmxLayout.BLOCK));
        a.emit(MOVSXD, RAX, mem(RSI, 0)).emit(CMP, RAX, RCX).jump(Condition.NOT_LESS, skip);
        a.emit(MOVSXD, RDX, mem(RSI, 12)).emit(SUB, RDX, R13).jump(Condition.NOT_GREATER, skip);
        a.emit(ADD, RDX, imm(AmxLayout.TILE_SLOTS - 1)).emit(SHR, RDX, imm(5));
        a.emit(CMP, RDX, R14).emit(CMOVG, RDX, R14).emit(MOV, arg(SEEN), RDX);
        a.emit(MOV, RDI, imm(1)).emit(CMP, R14, imm(AmxLayout.BLOCK_TILES)).jump(Condition.LESS, masked);
        a.emit(MOVSXD, RAX, mem(RSI, 4)).emit(CMP, RAX, R13).jump(Condition.GREATER, masked);
        a.emit(MOVSXD, RAX, mem(RSI, 8)).emit(CMP, RAX, RCX).jump(Condition.NOT_LESS, whole);
        a.jump(masked).bind(whole).emit(MOV, RDI, imm(0));
        a.bind(masked).emit(MOV, arg(MASKED), RDI);
    }

    private void capAndMask() {
        Label unmasked = a.label();
        weights.adjust();
        a.emit(MOV, RAX, arg(MASKED)).emit(TEST, RAX, RAX).jump(Condition.ZERO, unmasked);
        a.emit(MOV, RBP, arg(RECORD));
        weights.mask();
        a.bind(unmasked);
    }

    /** Scores = queries x keys. */
    private void products() {
        Label single = a.label();
        Label end = a.label();
        a.emit(MOV, RDX, arg(QUERY)).emit(MOV, R9, imm(layout.queryRow())).emit(MOV, R8, imm(64));
        a.emit(MOV, RCX, imm(AmxLayout.SCORE_ROW)).emit(MOV, RSI, arg(SEEN));
        a.emit(LEA, R10, mem(RBX, AmxLayout.KEYS)).emit(LEA, R11, mem(RBX, AmxLayout.SCORES));
        a.emit(MOV, RAX, arg(LEFT)).emit(CMP, RAX, imm(16)).jump(Condition.NOT_GREATER, single);
        products(2);
        a.jump(end).bind(single);
        products(1);
        a.bind(end);
    }

    /** One entry after another: two tiles of slots by one or two of queries. */
    private void products(int queries) {
        Label next = a.label();
        int keyTiles = layout.keyTiles();
        a.align(32).bind(next);
        for (int i = 0; i < 2 * queries; i++) a.emit(TILEZERO, tmm(i));
        for (int part = 0; part < keyTiles; part++) {
            for (int q = 0; q < queries; q++) {
                a.emit(TILELOADD, tmm(4 + q), mem(RDX, R9, 1, q * 16 * layout.queryRow() + 64 * part));
            }
            for (int s = 0; s < 2; s++) {
                a.emit(TILELOADD, tmm(6 + s), mem(R10, R8, 1, (s * keyTiles + part) * TILE));
                for (int q = 0; q < queries; q++) a.emit(TDPBF16PS, tmm(2 * q + s), tmm(4 + q), tmm(6 + s));
            }
        }
        for (int i = 0; i < 2 * queries; i++) {
            a.emit(TILESTORED, mem(R11, RCX, 1, i / 2 * 16 * AmxLayout.SCORE_ROW + i % 2 * 64), tmm(i));
        }
        a.emit(ADD, R10, imm(2L * keyTiles * TILE)).emit(ADD, R11, imm(AmxLayout.TILE_SLOTS * Float.BYTES));
        a.emit(DEC, RSI).jump(Condition.NOT_ZERO, next);
    }

    /** Sums += weights x values. */
    private void mix() {
        Label single = a.label();
        Label end = a.label();
        a.emit(MOV, R9, imm(AmxLayout.WEIGHT_ROW)).emit(MOV, R8, imm(64)).emit(MOV, RCX, imm(layout.sumRow()));
        a.emit(MOV, RSI, arg(SUM)).emit(LEA, R10, mem(RBX, layout.values()));
        a.emit(MOV, RAX, arg(LEFT)).emit(CMP, RAX, imm(16)).jump(Condition.NOT_GREATER, single);
        mix(2, 2);
        a.jump(end).bind(single);
        mix(1, 4);
        a.bind(end);
    }

    /** Some tiles of dimensions at a time, then what is left. */
    private void mix(int queries, int most) {
        int whole = layout.valueTiles() / most;
        if (whole > 0) {
            Label next = a.label();
            a.emit(MOV, RDI, imm(whole)).align(32).bind(next);
            mixTiles(queries, most);
            a.emit(ADD, R10, imm((long) most * TILE)).emit(ADD, RSI, imm(64L * most));
            a.emit(DEC, RDI).jump(Condition.NOT_ZERO, next);
        }
        if (layout.valueTiles() % most > 0) mixTiles(queries, layout.valueTiles() % most);
    }

    private void mixTiles(int queries, int tiles) {
        Label next = a.label();
        for (int q = 0; q < queries; q++) {
            for (int t = 0; t < tiles; t++) a.emit(TILELOADD, tmm(q * tiles + t), sum(q, t));
        }
        a.emit(MOV, RAX, arg(SEEN)).emit(MOV, R11, R10).emit(LEA, RDX, mem(RBX, AmxLayout.WEIGHTS));
        a.align(32).bind(next);
        for (int q = 0; q < queries; q++) {
            a.emit(TILELOADD, tmm(4 + q), mem(RDX, R9, 1, q * 16 * AmxLayout.WEIGHT_ROW));
        }
        for (int t = 0; t < tiles; t++) {
            a.emit(TILELOADD, tmm(6 + t % 2), mem(R11, R8, 1, t * TILE));
            for (int q = 0; q < queries; q++) a.emit(TDPBF16PS, tmm(q * tiles + t), tmm(4 + q), tmm(6 + t % 2));
        }
        a.emit(ADD, RDX, imm(64)).emit(ADD, R11, imm((long) layout.valueTiles() * TILE));
        a.emit(DEC, RAX).jump(Condition.NOT_ZERO, next);
        for (int q = 0; q < queries; q++) {
            for (int t = 0; t < tiles; t++) a.emit(TILESTORED, sum(q, t), tmm(q * tiles + t));
        }
    }

    /** Weights become rows of bf16; a query's sums are a row. */
    private final class Sums implements AmxWeights.Sink {
        @Override
        public void store(int from, int x) {
            a.emit(VCVTNE2PS2BF16, zmm(24), zmm(x + 1), zmm(x));
            a.emit(VCVTNE2PS2BF16, zmm(25), zmm(x + 3), zmm(x + 2));
            a.emit(VMOVUPS, mem(RDI, 32 * from), zmm(24)).emit(VMOVUPS, mem(RDI, 32 * from + 64), zmm(25));
        }

        @Override
        public void next() {
            a.emit(ADD, RDI, imm(AmxLayout.WEIGHT_ROW)).emit(ADD, R8, imm(layout.sumRow()));
        }

        @Override
        public void scale() {
            Label next = a.label();
            a.emit(MOV, R9, R8).emit(MOV, RCX, imm(layout.valueTiles())).bind(next);
            a.emit(VMULPS, zmm(25), zmm(24), mem(R9, 0)).emit(VMOVUPS, mem(R9, 0), zmm(25));
            a.emit(ADD, R9, imm(64)).emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
        }
    }

    private Mem sum(int query, int tile) {
        return mem(RSI, RCX, 1, query * 16 * layout.sumRow() + 64 * tile);
    }
}
