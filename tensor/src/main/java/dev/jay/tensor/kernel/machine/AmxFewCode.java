// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Amx.TDPBF16PS;
import static dev.jay.tensor.asm.x86.Amx.TILELOADD;
import static dev.jay.tensor.asm.x86.Amx.TILERELEASE;
import static dev.jay.tensor.asm.x86.Amx.TILESTORED;
import static dev.jay.tensor.asm.x86.Amx.TILEZERO;
import static dev.jay.tensor.asm.x86.Avx512.VCVTNEPS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VPERMI2PS;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI32X4;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI64X2;
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
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXWD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;
import static dev.jay.tensor.kernel.machine.AmxAttentionCode.arg;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Arrays;
import java.util.Set;

/**
 * Attention of at most four or eight queries on AMX tiles: what a token costs is reading keys and values once. Nothing is
 * turned: 16 rows of keys are a tile as they lie, times the queries turned once; 16 rows of values are the other factor as
 * they lie, pairs of dimensions where pairs of slots would be expected, and so each weight is there twice, beside a zero,
 * once for the even dimensions and once for the odd. Rows of bf16 are read where they lie. Others become bf16 first, one
 * entry ahead of the tiles, so that neither waits for the other, and for each line that is read one of the entry after
 * it is asked for. Arguments are those of {@link AmxAttentionCode}.
 */
final class AmxFewCode {
    /** The most queries: a tile has a row for the even and one for the odd dimensions of each. */
    static final int QUERIES = 8;

    /** For so few there is code whose tiles are smaller, and so faster. */
    static final int FEWER = 4;

    private static final int TILE = AmxLayout.TILE_BYTES;
    private static final int RAW = AmxLayout.SCORES + QUERIES * AmxLayout.SCORE_ROW; // scores, slot after slot
    private static final int AHEAD = AmxLayout.BLOCK_TILES * AmxLayout.ENTRY;
    private static final int RESIDENT = 4; // tiles of queries that stay
    private static final int PASS = 4; // tiles of sums at once

    private final KvLoad keys;
    private final KvLoad values;
    private final AmxLayout layout;
    private final int most; // queries
    private final X86Assembler a;
    private final AmxWeights weights;
    private final AmxFewRows rows;
    private final Constants constants;

    private AmxFewCode(KvLoad keys, KvLoad values, AmxLayout layout, int most, Set<String> features) {
        this.keys = keys;
        this.values = values;
        this.layout = layout;
        this.most = most;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.weights = new AmxWeights(a, constants, AmxFewRows.weightScale(values), new Sums());
        this.rows = new AmxFewRows(a, constants, layout);
    }

    /** @param most how many queries: {@link #FEWER} or {@link #QUERIES} */
    static byte[] build(KvLoad keys, KvLoad values, AmxLayout layout, int most, Set<String> features) {
        return new AmxFewCode(keys, values, layout, most, features).build();
    }

    /** From a query's row of sums, or of weights, for even dimensions to that for odd ones. */
    static int odd(int most) {
        return most * Tiles.ROW_BYTES;
    }

    private int weightBytes() {
        return 2 * odd(most);
    }

    private int rawBytes() {
        return Tiles.ROWS * most * Float.BYTES;
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
        LaneMask.first(a, k(6), layout.keyWidth() % 32);
        LaneMask.first(a, k(5), layout.valueWidth() % 32);
        rows.begin();
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

    /** For keys: sums of scores, rows of keys, queries. */
    private void configureProducts() {
        int bytes = most * Float.BYTES;
        Tiles.configure(a, constants, new int[] {16, 16, 16, 16, 16, 16, 16, 16}, new int[] {
            bytes, bytes, 64, 64, bytes, bytes, bytes, bytes
        });
    }

    /** For values: sums, weights, rows of values. */
    private void configureMix() {
        int w = 2 * most;
        Tiles.configure(a, constants, new int[] {w, w, w, w, w, w, 16, 16}, new int[] {64, 64, 64, 64, 64, 64, 64, 64});
    }

    /** An even share of the lines of the entry that r15 points to. */
    private void fetch(KvLoad load, int width, int index, int count) {
        int lines = Math.ceilDiv(load.lineBytes() * width, 64);
        for (int i = lines * index / count; i < lines * (index + 1) / count; i++) a.emit(PREFETCHT1, mem(R15, 64 * i));
    }

    /** Rows of one side: what they are, and where. */
    private record Side(KvLoad load, int width, int at, int stride, Reg mask) {
        boolean isDirect() {
            return AmxFewCode.isDirect(load, width);
        }

        int parts() {
            return Math.ceilDiv(width, 32);
        }
    }

    private Side keySide() {
        return new Side(keys, layout.keyWidth(), 0, AmxAttentionCode.KEY_STRIDE, k(6));
    }

    private Side valueSide() {
        return new Side(values, layout.valueWidth(), 8, AmxAttentionCode.VALUE_STRIDE, k(5));
    }

    /** What is done with the rows of an entry: r10 the first, r9 the seventeenth, rcx apart. May use rax, rdx, r15. */
    private interface Body {
        void emit();
    }

    /**
     * For r14 entries. Rows that must become bf16 do so an entry ahead.
     *
     * @param converts false: they have become so before
     */
    private void entries(Side side, boolean converts, Body body) {
        Label next = a.label();
        Label last = a.label();
        int rowBytes = 64 * side.parts();
        boolean ahead = converts && !side.isDirect();
        a.emit(MOV, RBP, R12).emit(MOV, RSI, R14);
        if (side.isDirect()) {
            a.emit(MOV, RCX, arg(side.stride));
        } else {
            a.emit(MOV, RCX, imm(rowBytes)).emit(LEA, R10, mem(RBX, AmxLayout.KEYS));
        }
        if (ahead) {
            a.emit(MOV, RDI, R10);
            convert(side);
        }
        a.align(32).bind(next);
        if (ahead) {
            a.emit(CMP, RSI, imm(1)).jump(Condition.ZERO, last);
            convert(side);
            a.bind(last);
        }
        if (side.isDirect()) {
            rows.touch(side.load, side.width, side.at);
            a.emit(MOV, R10, mem(RBP, side.at)).emit(MOV, R15, mem(RBP, AHEAD + side.at));
            a.emit(ADD, RBP, imm(AmxLayout.ENTRY));
        }
        a.emit(MOV, R9, RCX).emit(SHL, R9, imm(4)).emit(ADD, R9, R10);
        body.emit();
        if (!side.isDirect()) a.emit(ADD, R10, imm((long) AmxLayout.TILE_SLOTS * rowBytes));
        a.emit(DEC, RSI).jump(Condition.NOT_ZERO, next);
    }

    private void convert(Side side) {
        a.emit(MOV, RAX, arg(side.stride));
        rows.entry(side.load, side.width, side.at, side.mask);
    }

    /** Raw scores = keys x queries, slot after slot. */
    private void products() {
        Side side = keySide();
        int parts = side.parts();
        boolean isResident = parts <= RESIDENT;
        configureProducts();
        a.emit(LEA, R11, mem(RBX, RAW)).emit(MOV, R8, imm(4L * most));
        a.emit(MOV, RDX, arg(AmxAttentionCode.QUERIES)).emit(MOV, RAX, imm(layout.queryRow()));
        for (int part = 0; isResident && part < parts; part++) a.emit(TILELOADD, tmm(4 + part), query(part));
        entries(side, true, () -> {
            if (!isResident) a.emit(MOV, RDX, arg(AmxAttentionCode.QUERIES)).emit(MOV, RAX, imm(layout.queryRow()));
            a.emit(TILEZERO, tmm(0)).emit(TILEZERO, tmm(1));
            for (int part = 0; part < parts; part++) {
                Reg query = tmm(4 + part % 4);
                if (!isResident) a.emit(TILELOADD, query, query(part));
                a.emit(TILELOADD, tmm(2), mem(R10, RCX, 1, 64 * part)).emit(TDPBF16PS, tmm(0), tmm(2), query);
                a.emit(TILELOADD, tmm(3), mem(R9, RCX, 1, 64 * part)).emit(TDPBF16PS, tmm(1), tmm(3), query);
                if (side.isDirect()) fetch(side.load, side.width, part, parts);
            }
            a.emit(TILESTORED, mem(R11, R8, 1, 0), tmm(0)).emit(TILESTORED, mem(R11, R8, 1, rawBytes()), tmm(1));
            a.emit(ADD, R11, imm(2L * rawBytes()));
        });
    }

    private static Mem query(int part) {
        return mem(RDX, RAX, 1, 64 * part);
    }

    /** Scores, query after query, and as large as they are. Uses vectors. */
    private void turnScores() {
        Label next = a.label();
        a.emit(LEA, RDX, mem(RBX, RAW)).emit(LEA, RDI, mem(RBX, AmxLayout.SCORES));
        if (AmxFewRows.isSmaller(keys)) {
            a.emit(VBROADCASTSS, zmm(10), constants.ints(power(AmxFewRows.scoreScale(keys))));
        }
        int[] low = new int[16]; // of two vectors of four slots, the first two of four queries
        for (int i = 0; i < 16; i++) low[i] = i / 8 + i % 4 * 4 + i / 4 % 2 * 16;
        int[] high = Arrays.stream(low).map(i -> i + 2).toArray();
        a.emit(VMOVUPS, zmm(11), constants.ints(low)).emit(VMOVUPS, zmm(12), constants.ints(high));
        a.emit(MOV, RSI, R14).align(32).bind(next);
        for (int half = 0; half < 2; half++) {
            for (int query = 0; query < most; query += 4) turnFour(half, query);
        }
        a.emit(ADD, RDX, imm(2L * rawBytes())).emit(ADD, RDI, imm(128));
        a.emit(DEC, RSI).jump(Condition.NOT_ZERO, next);
    }

    /** The bits of a power of two. */
    private static int power(int exponent) {
        return Float.floatToRawIntBits(Math.scalb(1f, exponent));
    }

    /** Of sixteen slots and four queries. Uses the first eight vectors. */
    private void turnFour(int half, int query) {
        for (int i = 0; i < 4; i++) {
            int at = half * rawBytes() + i * most * 16; // of four slots
            a.emit(VMOVUPS, zmm(i), mem(RDX, at));
            if (most > FEWER) {
                int quarter = query / 4;
                a.emit(VSHUFI32X4, zmm(i), zmm(i), mem(RDX, at + 64), imm(quarter == 0 ? 0x88 : 0xDD));
            }
            if (AmxFewRows.isSmaller(keys)) a.emit(VMULPS, zmm(i), zmm(i), zmm(10));
        }
        for (int i = 0; i < 4; i += 2) {
            a.emit(VMOVUPS, zmm(4 + i), zmm(11)).emit(VMOVUPS, zmm(5 + i), zmm(12));
            a.emit(VPERMI2PS, zmm(4 + i), zmm(i), zmm(i + 1)).emit(VPERMI2PS, zmm(5 + i), zmm(i), zmm(i + 1));
        }
        for (int q = 0; q < 4; q++) {
            a.emit(VSHUFI64X2, zmm(q), zmm(4 + q / 2), zmm(6 + q / 2), imm(q % 2 == 0 ? 0x44 : 0xEE));
            a.emit(VMOVUPS, mem(RDI, (query + q) * AmxLayout.SCORE_ROW + 64 * half), zmm(q));
        }
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
                a.emit(VMOVUPS, mem(RDI, (from + i) * weightBytes()), zmm(24));
                a.emit(VMOVUPS, mem(RDI, (from + i) * weightBytes() + odd(most)), zmm(25));
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
            for (int at : new int[] {0, odd(most)}) {
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
        configureMix();
        for (int first = 0; first < tiles(); first += PASS) mix(first, Math.min(PASS, tiles() - first));
    }

    private void mix(int first, int count) {
        Side side = valueSide();
        a.emit(MOV, R8, imm(64)).emit(MOV, RDX, arg(AmxAttentionCode.SUMS));
        for (int t = 0; t < count; t++) a.emit(TILELOADD, tmm(t), sum(first + t));
        a.emit(LEA, R11, mem(RBX, AmxLayout.WEIGHTS));
        entries(side, first == 0, () -> {
            for (int half = 0; half < 2; half++) {
                a.emit(TILELOADD, tmm(4 + half), mem(R11, R8, 1, half * weightBytes()));
                for (int t = 0; t < count; t++) {
                    a.emit(TILELOADD, tmm(6 + t % 2), mem(half == 0 ? R10 : R9, RCX, 1, 64 * (first + t)));
                    a.emit(TDPBF16PS, tmm(t), tmm(4 + half), tmm(6 + t % 2));
                    if (side.isDirect()) fetch(side.load, side.width, 2 * first + half * count + t, 2 * tiles());
                }
            }
            a.emit(ADD, R11, imm(2L * weightBytes()));
        });
        a.emit(MOV, RDX, arg(AmxAttentionCode.SUMS));
        for (int t = 0; t < count; t++) a.emit(TILESTORED, sum(first + t), tmm(t));
    }

    private static Mem sum(int tile) {
        return mem(RDX, R8, 1, tile * TILE);
    }
}
