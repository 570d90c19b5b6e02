// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Amx.TDPBF16PS;
import static dev.jay.tensor.asm.x86.Amx.TILELOADD;
import static dev.jay.tensor.asm.x86.Amx.TILERELEASE;
import static dev.jay.tensor.asm.x86.Amx.TILESTORED;
import static dev.jay.tensor.asm.x86.Amx.TILEZERO;
import static dev.jay.tensor.asm.x86.Avx512.VCVTNEPS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VINSERTI32X4;
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
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Integers.SUB;
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
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXWD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKLQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKHPS;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKLPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;
import static dev.jay.tensor.kernel.machine.AmxAttentionCode.arg;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Attention of at most eight queries on AMX tiles: what a token costs is reading keys and values once. Nothing is turned:
 * 16 rows of keys are a tile as they lie, times the queries turned once; 16 rows of values are the other factor as they
 * lie, pairs of dimensions where pairs of slots would be expected, and so each weight is there twice, beside a zero, once
 * for the even dimensions and once for the odd. Rows of bf16 are read where they lie, others become bf16 first, block by
 * block of 128 slots. The rows of a later block are fetched meanwhile, but not while rows become bf16, which come from the
 * second-level cache: they would be in each other's way. Arguments are those of {@link AmxAttentionCode}.
 */
final class AmxFewCode {
    /** The most queries: a tile has a row for the even and one for the odd dimensions of each. */
    static final int QUERIES = 8;

    /** From a query's row of sums, or of weights, for even dimensions to that for odd ones. */
    static final int ODD = QUERIES * 64;

    private static final int TILE = AmxLayout.TILE_BYTES;
    private static final int RAW = AmxLayout.SCORES + QUERIES * AmxLayout.SCORE_ROW; // scores, slot after slot
    private static final int AHEAD = AmxLayout.BLOCK_TILES * AmxLayout.ENTRY;
    private static final int FAR = 2 * AHEAD;
    private static final int OS_PAGE = 4096;
    private static final double TURNING = 0.2; // the share of lines of values that is fetched while scores are turned
    private static final int RESIDENT = 4; // tiles of queries that stay
    private static final int PASS = 4; // tiles of sums at once

    private final KvLoad keys;
    private final KvLoad values;
    private final AmxLayout layout;
    private final X86Assembler a;
    private final AmxWeights weights;
    private final AmxRows rows;
    private final Constants constants;

    private AmxFewCode(KvLoad keys, KvLoad values, AmxLayout layout, Set<String> features) {
        this.keys = keys;
        this.values = values;
        this.layout = layout;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.weights = new AmxWeights(a, constants, new Sums());
        this.rows = new AmxRows(a, constants, layout);
    }

    static byte[] build(KvLoad keys, KvLoad values, AmxLayout layout, Set<String> features) {
        return new AmxFewCode(keys, values, layout, features).build();
    }

    private static boolean isDirect(KvLoad load, int width) {
        return load == KvLoad.BF16 && width % 32 == 0;
    }

    private byte[] build() {
        Reg[] kept = {RBX, RBP, R12, R13, R14, R15};
        Label block = a.label();
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI);
        Tiles.configure(a, constants);
        LaneMask.first(a, k(6), layout.keyWidth() % 32);
        LaneMask.first(a, k(5), layout.valueWidth() % 32);
        a.emit(MOV, R12, arg(AmxAttentionCode.LIST)).emit(MOV, R13, arg(AmxAttentionCode.FIRST));
        a.bind(block);
        a.emit(MOV, R14, arg(AmxAttentionCode.ENTRIES)).emit(MOV, RAX, imm(AmxLayout.BLOCK_TILES));
        a.emit(CMP, R14, RAX).emit(CMOVG, R14, RAX);
        products();
        turnScores();
        weigh();
        mix();
        a.emit(ADD, R12, imm(AmxLayout.BLOCK_TILES * AmxLayout.ENTRY)).emit(ADD, R13, imm(AmxLayout.BLOCK));
        a.emit(MOV, RAX, arg(AmxAttentionCode.ENTRIES))
                .emit(SUB, RAX, imm(AmxLayout.BLOCK_TILES))
                .emit(MOV, arg(AmxAttentionCode.ENTRIES), RAX);
        a.jump(Condition.GREATER, block);
        a.emit(TILERELEASE).emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    /** The rows of r14 entries become rows of bf16 at rdi, which were rax apart; addresses are at {@code at} in an entry. */
    private void convert(KvLoad load, int width, int at, Reg mask) {
        int parts = Math.ceilDiv(width, 32);
        int together = parts < 3 ? 4 : 2; // rows
        Label entry = a.label();
        Label next = a.label();
        a.emit(MOV, R8, R14).emit(MOV, RBP, R12).bind(entry);
        touch(load, width, at);
        a.emit(MOV, RDX, mem(RBP, at));
        a.emit(MOV, R9, imm(AmxLayout.TILE_SLOTS / together)).align(32).bind(next);
        for (int row = 0; row < together; row++) {
            for (int part = 0; part < parts; part++) {
                Reg to = zmm(16 + (row * parts + part) % 16);
                boolean isShort = width < 32 * (part + 1);
                rows.dimensions(load, to, mem(RDX, part * load.lineBytes()), isShort ? mask : null);
                a.emit(VMOVUPS, mem(RDI, 64 * (row * parts + part)), to);
            }
            a.emit(ADD, RDX, RAX);
        }
        a.emit(ADD, RDI, imm(64L * together * parts)).emit(DEC, R9).jump(Condition.NOT_ZERO, next);
        a.emit(ADD, RBP, imm(AmxLayout.ENTRY)).emit(DEC, R8).jump(Condition.NOT_ZERO, entry);
    }

    /** Lines of rows that r15 points to, from one to another share of an entry's. */
    private void fetch(KvLoad load, int width, double from, double to) {
        int lines = Math.ceilDiv(load.lineBytes() * width, 64);
        for (int i = (int) (lines * from); i < (int) (lines * to); i++) a.emit(PREFETCHT1, mem(R15, 64 * i));
    }

    /** The same, of what a share is left of: step {@code index} of {@code count}. */
    private void fetchRest(KvLoad load, int width, double begun, int index, int count) {
        double each = (1 - begun) / count;
        fetch(load, width, begun + each * index, index + 1 == count ? 1 : begun + each * (index + 1));
    }

    /** A line of each page that is still farther ahead: its translation is there in time, and the CPU's own prefetcher begins. */
    private void touch(KvLoad load, int width, int at) {
        a.emit(MOV, R15, mem(RBP, FAR + at));
        for (int b = 0; b < load.lineBytes() * width; b += OS_PAGE) a.emit(PREFETCHT1, mem(R15, b));
    }

    /** Where the rows of the next entry are: r10 the first, rax the seventeenth; r9 apart. */
    private void entryRows(KvLoad load, int width, int at) {
        if (isDirect(load, width)) {
            touch(load, width, at);
            a.emit(MOV, R10, mem(RBP, at));
        }
        a.emit(MOV, R15, mem(RBP, AHEAD + at));
        a.emit(MOV, RAX, R9).emit(SHL, RAX, imm(4)).emit(ADD, RAX, R10);
    }

    /** Raw scores = keys x queries, slot after slot. */
    private void products() {
        boolean isDirect = isDirect(keys, layout.keyWidth());
        int parts = layout.keyTiles();
        a.emit(MOV, RAX, arg(AmxAttentionCode.KEY_STRIDE));
        if (!isDirect) {
            a.emit(LEA, RDI, mem(RBX, AmxLayout.KEYS));
            convert(keys, layout.keyWidth(), 0, k(6));
        }
        rowsFrom(isDirect, AmxLayout.KEYS, 64 * parts);
        a.emit(MOV, RDX, arg(AmxAttentionCode.QUERIES)).emit(MOV, RCX, imm(layout.queryRow()));
        a.emit(LEA, R11, mem(RBX, RAW)).emit(MOV, R8, imm(64)).emit(MOV, RSI, R14);
        boolean isResident = parts <= RESIDENT;
        for (int part = 0; isResident && part < parts; part++) a.emit(TILELOADD, tmm(4 + part), query(part));
        Label next = a.label();
        a.align(32).bind(next);
        entryRows(keys, layout.keyWidth(), 0);
        a.emit(TILEZERO, tmm(0)).emit(TILEZERO, tmm(1));
        for (int part = 0; part < parts; part++) {
            Reg query = isResident ? tmm(4 + part) : tmm(4 + part % 4);
            if (!isResident) a.emit(TILELOADD, query, query(part));
            a.emit(TILELOADD, tmm(2), mem(R10, R9, 1, 64 * part)).emit(TDPBF16PS, tmm(0), tmm(2), query);
            a.emit(TILELOADD, tmm(3), mem(RAX, R9, 1, 64 * part)).emit(TDPBF16PS, tmm(1), tmm(3), query);
            fetchRest(keys, layout.keyWidth(), 0, part, parts);
        }
        a.emit(TILESTORED, mem(R11, R8, 1, 0), tmm(0)).emit(TILESTORED, mem(R11, R8, 1, TILE), tmm(1));
        a.emit(ADD, R11, imm(2 * TILE));
        step(isDirect, 64 * parts);
        a.emit(DEC, RSI).jump(Condition.NOT_ZERO, next);
    }

    private Mem query(int part) {
        return mem(RDX, RCX, 1, 64 * part);
    }

    /** rbp the list, if rows are read where they lie, else r10 the rows in working space; r9 how far they are apart. */
    private void rowsFrom(boolean isDirect, int at, int rowBytes) {
        a.emit(MOV, RBP, R12);
        if (isDirect) a.emit(MOV, R9, RAX);
        else a.emit(LEA, R10, mem(RBX, at)).emit(MOV, R9, imm(rowBytes));
    }

    private void step(boolean isDirect, int rowBytes) {
        a.emit(ADD, RBP, imm(AmxLayout.ENTRY));
        if (!isDirect) a.emit(ADD, R10, imm((long) AmxLayout.TILE_SLOTS * rowBytes));
    }

    /** Scores, query after query. Uses vectors and rax. */
    private void turnScores() {
        Label next = a.label();
        Label four = a.label();
        a.emit(LEA, RDX, mem(RBX, RAW))
                .emit(LEA, RDI, mem(RBX, AmxLayout.SCORES))
                .emit(MOV, RBP, R12);
        a.emit(MOV, RSI, R14).align(32).bind(next);
        a.emit(MOV, R15, mem(RBP, AHEAD + 8));
        for (int half = 0; half < 2; half++) {
            turnFour(half, 0);
            fetch(values, layout.valueWidth(), half * TURNING / 2, (half + 1) * TURNING / 2);
        }
        a.emit(MOV, RAX, arg(AmxAttentionCode.COUNT)).emit(CMP, RAX, imm(4)).jump(Condition.NOT_GREATER, four);
        for (int half = 0; half < 2; half++) turnFour(half, 4);
        a.bind(four);
        a.emit(ADD, RDX, imm(2 * TILE)).emit(ADD, RDI, imm(128)).emit(ADD, RBP, imm(AmxLayout.ENTRY));
        a.emit(DEC, RSI).jump(Condition.NOT_ZERO, next);
    }

    /** Of sixteen slots and four queries: each quarter of a register takes four slots. Uses the first eight vectors. */
    private void turnFour(int half, int query) {
        for (int i = 0; i < 4; i++) {
            a.emit(VMOVUPS, zmm(i).x(), score(half, i, query));
            for (int j = 1; j < 4; j++) {
                a.emit(VINSERTI32X4, zmm(i), zmm(i), score(half, 4 * j + i, query), imm(j));
            }
        }
        a.emit(VUNPCKLPS, zmm(4), zmm(0), zmm(1)).emit(VUNPCKHPS, zmm(5), zmm(0), zmm(1));
        a.emit(VUNPCKLPS, zmm(6), zmm(2), zmm(3)).emit(VUNPCKHPS, zmm(7), zmm(2), zmm(3));
        a.emit(VPUNPCKLQDQ, zmm(0), zmm(4), zmm(6)).emit(VPUNPCKHQDQ, zmm(1), zmm(4), zmm(6));
        a.emit(VPUNPCKLQDQ, zmm(2), zmm(5), zmm(7)).emit(VPUNPCKHQDQ, zmm(3), zmm(5), zmm(7));
        for (int q = 0; q < 4; q++) {
            a.emit(VMOVUPS, mem(RDI, (query + q) * AmxLayout.SCORE_ROW + 64 * half), zmm(q));
        }
    }

    private static Mem score(int half, int slot, int query) {
        return mem(RDX, half * TILE + 64 * slot + 4 * query);
    }

    private void weigh() {
        Label masked = a.label();
        Label whole = a.label();
        a.emit(MOV, RSI, arg(AmxAttentionCode.COUNT));
        weights.adjust();
        a.emit(MOV, RBP, arg(AmxAttentionCode.RECORDS));
        a.emit(CMP, R14, imm(AmxLayout.BLOCK_TILES)).jump(Condition.LESS, masked);
        a.emit(MOV, RDX, arg(AmxAttentionCode.GROUPS)).emit(LEA, RCX, mem(R13, AmxLayout.BLOCK));
        a.emit(MOVSXD, RAX, mem(RDX, 4)).emit(CMP, RAX, R13).jump(Condition.GREATER, masked);
        a.emit(MOVSXD, RAX, mem(RDX, 8)).emit(CMP, RAX, RCX).jump(Condition.NOT_LESS, whole);
        a.bind(masked);
        weights.mask();
        a.bind(whole).emit(MOV, R8, arg(AmxAttentionCode.SUMS));
        weights.weigh();
    }

    /** A query's weights are a row of each of eight tiles, and again a row; its sums are so in each of some tiles. */
    private final class Sums implements AmxWeights.Sink {
        @Override
        public void store(int from, int x) {
            for (int i = 0; i < 4; i++) {
                a.emit(VCVTNEPS2BF16, zmm(24).y(), zmm(x + i)).emit(VPMOVZXWD, zmm(24), zmm(24).y());
                a.emit(VPSLLD, zmm(25), zmm(24), imm(16));
                a.emit(VMOVUPS, mem(RDI, (from + i) * TILE), zmm(24));
                a.emit(VMOVUPS, mem(RDI, (from + i) * TILE + ODD), zmm(25));
            }
        }

        @Override
        public void next() {
            a.emit(ADD, RDI, imm(64)).emit(ADD, R8, imm(64));
        }

        @Override
        public void scale() {
            Label next = a.label();
            a.emit(MOV, R9, R8).emit(MOV, RCX, imm(tiles())).bind(next);
            for (int at : new int[] {0, ODD}) {
                a.emit(VMULPS, zmm(25), zmm(24), mem(R9, at)).emit(VMOVUPS, mem(R9, at), zmm(25));
            }
            a.emit(ADD, R9, imm(TILE)).emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
        }
    }

    private int tiles() {
        return Math.ceilDiv(layout.valueWidth(), 32);
    }

    /** Sums += weights x values. */
    private void mix() {
        boolean isDirect = isDirect(values, layout.valueWidth());
        a.emit(MOV, RAX, arg(AmxAttentionCode.VALUE_STRIDE));
        if (!isDirect) {
            a.emit(LEA, RDI, mem(RBX, AmxLayout.KEYS));
            convert(values, layout.valueWidth(), 8, k(5));
        }
        a.emit(MOV, R8, imm(64)).emit(MOV, RDX, arg(AmxAttentionCode.SUMS));
        for (int first = 0; first < tiles(); first += PASS) mix(isDirect, first, Math.min(PASS, tiles() - first));
    }

    private void mix(boolean isDirect, int first, int count) {
        Label next = a.label();
        if (isDirect) a.emit(MOV, RAX, arg(AmxAttentionCode.VALUE_STRIDE));
        rowsFrom(isDirect, AmxLayout.KEYS, 64 * tiles());
        for (int t = 0; t < count; t++) a.emit(TILELOADD, tmm(t), sum(first + t));
        a.emit(LEA, R11, mem(RBX, AmxLayout.WEIGHTS))
                .emit(MOV, RSI, R14)
                .align(32)
                .bind(next);
        entryRows(values, layout.valueWidth(), 8);
        for (int half = 0; half < 2; half++) {
            a.emit(TILELOADD, tmm(4 + half), mem(R11, R8, 1, half * TILE));
            for (int t = 0; t < count; t++) {
                a.emit(TILELOADD, tmm(6 + t % 2), mem(half == 0 ? R10 : RAX, R9, 1, 64 * (first + t)));
                a.emit(TDPBF16PS, tmm(t), tmm(4 + half), tmm(6 + t % 2));
                fetchRest(values, layout.valueWidth(), TURNING, 2 * first + half * count + t, 2 * tiles());
            }
        }
        a.emit(ADD, R11, imm(2 * TILE));
        step(isDirect, 64 * tiles());
        a.emit(DEC, RSI).jump(Condition.NOT_ZERO, next);
        for (int t = 0; t < count; t++) a.emit(TILESTORED, sum(first + t), tmm(t));
    }

    private Mem sum(int tile) {
        return mem(RDX, R8, 1, tile * TILE);
    }
}
