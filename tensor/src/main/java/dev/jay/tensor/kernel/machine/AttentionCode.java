// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VBLENDMPS;
import static dev.jay.tensor.asm.x86.Avx512.VPTESTMD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.BZHI;
import static dev.jay.tensor.asm.x86.Integers.CMOVG;
import static dev.jay.tensor.asm.x86.Integers.CMOVL;
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
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Integers.XOR;
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
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VMAXPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.AttentionKernel;
import java.util.Set;

/**
 * Attention of some queries over slots of one page, for rows of one shape. Tile by tile: the tile's rows become f32 in
 * working space, or stay where they are if that is as good, and each query takes what it sees of them. What a query
 * gets depends on its own visible slots alone.
 */
public final class AttentionCode {
    /** Places in the block of arguments, which is the same whatever the width of the registers. */
    public static final int QUERY = 0;

    public static final int QUERY_STRIDE = 1; // strides are in bytes
    public static final int OUT = 2;
    public static final int OUT_STRIDE = 3;
    public static final int RECORDS = 4;
    public static final int QUERIES = 5;
    public static final int KEYS = 6; // row of the first slot
    public static final int KEY_STRIDE = 7;
    public static final int VALUES = 8;
    public static final int VALUE_STRIDE = 9;
    public static final int FIRST = 10; // a multiple of 32
    public static final int END = 11;
    public static final int TILE_KEYS = 12; // room for decoded rows
    public static final int TILE_VALUES = 13;
    public static final int WEIGHTS = 14; // room for 32 floats
    public static final int SCALE = 15; // floats as their bits
    public static final int CAP = 16; // 0: none
    public static final int TWO_BY_CAP = 17;
    public static final int DIRECT = 18; // 1: whole tiles stay where they are

    public static final int ADJUSTED = 30; // 0: neither cap nor bias, and both are not looked at
    public static final int BIAS = 31; // where slot 0's would be; 0: none

    static final int NEXT_KEYS = 19; // row of the first slot of the page after, if any: what is fetched meanwhile
    static final int NEXT_VALUES = 20;
    static final int KEY_SHARE = 21; // bytes of a tile that each query has fetched, more than 0
    static final int VALUE_SHARE = 22;

    private static final int TILE_AT = 23; // from here on its own: the rows of this tile, as they are read
    private static final int TILE_STRIDE = 24;
    private static final int LEFT = 27;
    private static final int FETCH_KEYS = 28;
    private static final int FETCH_VALUES = 29;

    /** A query's record: first slot it sees, one past the last, greatest score so far, sum of weights so far. */
    public static final int RECORD = 16;

    public static final int MAX = 8;
    public static final int SUM = 12;

    private static final int TILE = AttentionKernel.TILE;

    private final KvLoad keys;
    private final KvLoad values;
    private final int keyWidth;
    private final int valueWidth;
    private final X86Assembler a;
    private final Constants constants;
    private final Exp exp;

    private AttentionCode(KvLoad keys, KvLoad values, int keyWidth, int valueWidth, Set<String> features) {
        this.keys = keys;
        this.values = values;
        this.keyWidth = keyWidth;
        this.valueWidth = valueWidth;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.exp = new Exp(a, constants, zmm(4));
    }

    static byte[] build(KvLoad keys, KvLoad values, int keyWidth, int valueWidth, Set<String> features) {
        return new AttentionCode(keys, values, keyWidth, valueWidth, features).build();
    }

    private static Mem arg(int index) {
        return mem(RBX, 8 * index);
    }

    private byte[] build() {
        Reg[] kept = {RBX, RBP, R12, R13, R14, R15};
        Label tile = a.label();
        Label decoded = a.label();
        Label done = a.label();
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI).emit(MOV, R12, arg(FIRST));
        exp.begin();
        LaneMask.first(a, k(6), keyWidth % 16);
        LaneMask.first(a, k(5), valueWidth % 16);
        a.bind(tile);
        a.emit(LEA, R13, mem(R12, TILE))
                .emit(MOV, RAX, arg(END))
                .emit(CMP, R13, RAX)
                .emit(CMOVG, R13, RAX);
        fetchFrom(KEYS, NEXT_KEYS, FETCH_KEYS);
        fetchFrom(VALUES, NEXT_VALUES, FETCH_VALUES);
        a.emit(MOV, RCX, R13).emit(SUB, RCX, R12);
        if (keys.isDirect() && values.isDirect()) {
            a.emit(CMP, RCX, imm(TILE)).jump(Condition.NOT_ZERO, decoded);
            a.emit(MOV, RAX, arg(DIRECT)).emit(TEST, RAX, RAX).jump(Condition.ZERO, decoded);
            for (int i = 0; i < 4; i++) a.emit(MOV, RAX, arg(KEYS + i)).emit(MOV, arg(TILE_AT + i), RAX);
            queries(keys, values);
            a.jump(done);
        }
        a.bind(decoded);
        decode(keys, keyWidth, KEYS, TILE_KEYS, 0);
        decode(values, valueWidth, VALUES, TILE_VALUES, 2);
        queries(KvLoad.F32, KvLoad.F32);
        a.bind(done);
        for (int i : new int[] {KEYS, VALUES}) {
            a.emit(MOV, RAX, arg(i + 1))
                    .emit(SHL, RAX, imm(5))
                    .emit(ADD, RAX, arg(i))
                    .emit(MOV, arg(i), RAX);
        }
        a.emit(MOV, R12, R13).emit(CMP, R12, arg(END)).jump(Condition.LESS, tile);
        a.emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    /** Where the next tile is, in this page or in the one after. */
    private void fetchFrom(int rows, int nextPage, int to) {
        a.emit(MOV, RAX, arg(rows + 1)).emit(SHL, RAX, imm(5)).emit(ADD, RAX, arg(rows));
        a.emit(MOV, RCX, arg(nextPage)).emit(MOV, RDX, arg(END)).emit(CMP, RDX, R13);
        a.emit(CMOVG, RCX, RAX).emit(MOV, arg(to), RCX);
    }

    /** A query's share of the next tile's lines: evenly over the time that this tile takes. */
    private void fetch(int from, int share) {
        Label next = a.label();
        a.emit(MOV, RAX, arg(from))
                .emit(MOV, RCX, arg(share))
                .emit(ADD, RCX, RAX)
                .bind(next);
        a.emit(PREFETCHT1, mem(RAX, 0))
                .emit(ADD, RAX, imm(64))
                .emit(CMP, RAX, RCX)
                .jump(Condition.BELOW, next);
        a.emit(MOV, arg(from), RAX);
    }

    /** rcx rows become f32, padded with zeros, and are this tile's rows. */
    private void decode(KvLoad load, int width, int from, int to, int tile) {
        Label next = a.label();
        a.emit(MOV, RSI, arg(from)).emit(MOV, RDI, arg(to)).emit(MOV, RAX, RCX);
        a.emit(MOV, arg(TILE_AT + tile), RDI);
        a.emit(MOV, RDX, imm(MachineAttention.rowBytes(width, 16))).emit(MOV, arg(TILE_STRIDE + tile), RDX);
        a.bind(next);
        for (int part = 0; part * 16 < width; part++) {
            boolean isShort = width < 16 * (part + 1);
            load.load(a, constants, isShort ? zmm(0).zero(tile == 0 ? k(6) : k(5)) : zmm(0), RSI, part);
            a.emit(VMOVUPS, mem(RDI, 64 * part), zmm(0));
        }
        a.emit(ADD, RSI, arg(from + 1)).emit(ADD, RDI, RDX).emit(DEC, RAX).jump(Condition.NOT_ZERO, next);
    }

    /** Each query in turn: rbp its record, r14 itself, r15 its out. */
    private void queries(KvLoad keyRows, KvLoad valueRows) {
        Label next = a.label();
        Label unseen = a.label();
        a.emit(MOV, RBP, arg(RECORDS)).emit(MOV, R14, arg(QUERY)).emit(MOV, R15, arg(OUT));
        a.emit(MOV, RAX, arg(QUERIES)).emit(MOV, arg(LEFT), RAX);
        a.bind(next);
        fetch(FETCH_KEYS, KEY_SHARE);
        fetch(FETCH_VALUES, VALUE_SHARE);
        visible();
        a.jump(Condition.NOT_LESS, unseen);
        scores(keyRows);
        weights();
        visible();
        a.emit(MOV, R10, arg(WEIGHTS)).emit(MOV, R11, arg(TILE_AT + 2)).emit(MOV, RCX, arg(TILE_STRIDE + 2));
        new WeighCode(a, valueRows, valueWidth).emit();
        a.bind(unseen);
        a.emit(ADD, RBP, imm(RECORD)).emit(ADD, R14, arg(QUERY_STRIDE)).emit(ADD, R15, arg(OUT_STRIDE));
        a.emit(MOV, RAX, arg(LEFT)).emit(DEC, RAX).emit(MOV, arg(LEFT), RAX).jump(Condition.NOT_ZERO, next);
    }

    /** [r8, r9) = the slots of this tile that the query sees, from the tile's first; flags as of r8 - r9. */
    private void visible() {
        a.emit(MOVSXD, R8, mem(RBP, 0)).emit(CMP, R8, R12).emit(CMOVL, R8, R12).emit(SUB, R8, R12);
        a.emit(MOVSXD, R9, mem(RBP, 4)).emit(CMP, R9, R13).emit(CMOVG, R9, R13).emit(SUB, R9, R12);
        a.emit(CMP, R8, R9);
    }

    /** zmm5, zmm16 = scores of the 32 slots; anything where the query sees nothing. */
    private void scores(KvLoad rows) {
        Label second = a.label();
        Label end = a.label();
        ScoreCode sixteen = new ScoreCode(a, rows, keyWidth);
        a.emit(MOV, RAX, arg(TILE_STRIDE));
        a.emit(CMP, R8, imm(16)).jump(Condition.NOT_LESS, second);
        a.emit(MOV, RDX, arg(TILE_AT));
        sixteen.emit();
        a.emit(VMOVUPS, zmm(5), zmm(16));
        a.bind(second).emit(CMP, R9, imm(16)).jump(Condition.NOT_GREATER, end);
        a.emit(MOV, RDX, RAX).emit(SHL, RDX, imm(4)).emit(ADD, RDX, arg(TILE_AT));
        sixteen.emit();
        a.bind(end);
        a.emit(VMULPS, zmm(5), zmm(5), arg(SCALE).each())
                .emit(VMULPS, zmm(16), zmm(16), arg(SCALE).each());
    }

    /** Stores the weights, renews the query's record; then zmm5, k4 and k3 are as {@link WeighCode} wants. */
    private void weights() {
        Label asIs = a.label();
        a.emit(MOV, RAX, arg(ADJUSTED)).emit(TEST, RAX, RAX).jump(Condition.ZERO, asIs);
        adjust(asIs);
        a.bind(asIs);
        visible();
        a.emit(MOV, RAX, imm(-1))
                .emit(BZHI, RCX, RAX, R8)
                .emit(BZHI, RAX, RAX, R9)
                .emit(XOR, RAX, RCX);
        a.emit(KMOVW, k(1), RAX.low32()).emit(SHR, RAX, imm(16)).emit(KMOVW, k(2), RAX.low32());
        a.emit(VBROADCASTSS, zmm(17), constants.ints(Float.floatToRawIntBits(Float.NEGATIVE_INFINITY)));
        a.emit(VBLENDMPS, zmm(5).mask(k(1)), zmm(17), zmm(5)).emit(VBLENDMPS, zmm(16).mask(k(2)), zmm(17), zmm(16));
        a.emit(VMAXPS, zmm(17), zmm(5), zmm(16));
        Strips.fold(a, VMAXPS, zmm(17), zmm(18));
        a.emit(VMAXPS, zmm(17), zmm(17), mem(RBP, MAX).each()); // in this order a NaN is passed over, and meets the sum
        a.emit(VBROADCASTSS, zmm(18), mem(RBP, MAX)).emit(VMOVSS, mem(RBP, MAX), xmm(17));
        for (int r : new int[] {5, 16, 18}) {
            a.emit(VSUBPS, zmm(r), zmm(r), zmm(17));
            exp.emit(zmm(r), zmm(20), zmm(21), zmm(22));
        }
        a.emit(MOV, RDX, arg(WEIGHTS)).emit(VMOVUPS, mem(RDX, 0), zmm(5)).emit(VMOVUPS, mem(RDX, 64), zmm(16));
        a.emit(VADDPS, zmm(16), zmm(16), zmm(5));
        Strips.fold(a, VADDPS, zmm(16), zmm(20));
        a.emit(VMOVUPS, zmm(5), zmm(18));
        a.emit(VBROADCASTSS, zmm(17).zero(k(5)), mem(RBP, SUM)).emit(VPTESTMD, k(3), zmm(17), zmm(17));
        a.emit(VBROADCASTSS, zmm(17), mem(RBP, SUM)).emit(VPTESTMD, k(4), zmm(17), zmm(17));
        a.emit(VFMADD213PS, zmm(17), zmm(5), zmm(16)).emit(VMOVSS, mem(RBP, SUM), xmm(17));
    }

    private void adjust(Label done) {
        Label uncapped = a.label();
        a.emit(MOV, RAX, arg(CAP)).emit(TEST, RAX, RAX).jump(Condition.ZERO, uncapped);
        cap(zmm(5));
        cap(zmm(16));
        a.bind(uncapped);
        a.emit(MOV, RAX, arg(BIAS)).emit(TEST, RAX, RAX).jump(Condition.ZERO, done);
        a.emit(VADDPS, zmm(5), zmm(5), mem(RAX, R12, 4, 0)).emit(VADDPS, zmm(16), zmm(16), mem(RAX, R12, 4, 64));
    }

    /** cap * tanh(score / cap), as cap * (1 - 2 / (exp(2 * score / cap) + 1)). */
    private void cap(Reg scores) {
        a.emit(VMULPS, scores, scores, arg(TWO_BY_CAP).each());
        exp.emit(scores, zmm(20), zmm(21), zmm(22));
        a.emit(VADDPS, scores, scores, constants.each(1f)).emit(VBROADCASTSS, zmm(20), two());
        a.emit(VDIVPS, scores, zmm(20), scores).emit(VBROADCASTSS, zmm(20), arg(CAP));
        a.emit(VFNMADD213PS, scores, zmm(20), zmm(20));
    }

    private Mem two() {
        return constants.ints(Float.floatToRawIntBits(2f));
    }
}
