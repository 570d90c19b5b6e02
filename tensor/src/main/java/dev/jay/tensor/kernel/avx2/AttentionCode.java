// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMOVG;
import static dev.jay.tensor.asm.x86.Integers.CMOVL;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.MOVSXD;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
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
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;
import static dev.jay.tensor.kernel.machine.AttentionCode.DIRECT;
import static dev.jay.tensor.kernel.machine.AttentionCode.END;
import static dev.jay.tensor.kernel.machine.AttentionCode.FIRST;
import static dev.jay.tensor.kernel.machine.AttentionCode.KEYS;
import static dev.jay.tensor.kernel.machine.AttentionCode.OUT;
import static dev.jay.tensor.kernel.machine.AttentionCode.OUT_STRIDE;
import static dev.jay.tensor.kernel.machine.AttentionCode.QUERIES;
import static dev.jay.tensor.kernel.machine.AttentionCode.QUERY;
import static dev.jay.tensor.kernel.machine.AttentionCode.QUERY_STRIDE;
import static dev.jay.tensor.kernel.machine.AttentionCode.RECORD;
import static dev.jay.tensor.kernel.machine.AttentionCode.RECORDS;
import static dev.jay.tensor.kernel.machine.AttentionCode.TILE_KEYS;
import static dev.jay.tensor.kernel.machine.AttentionCode.TILE_VALUES;
import static dev.jay.tensor.kernel.machine.AttentionCode.VALUES;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.machine.Constants;
import dev.jay.tensor.kernel.machine.MachineAttention;
import java.util.Set;

/**
 * Attention of some queries over slots of one page, for rows of one shape. Tile by tile: the tile's rows become f32 in
 * working space, or stay where they are if they are that already, and each query takes what it sees of them. What a
 * query gets depends on its own visible slots alone.
 */
final class AttentionCode {
    /** Where this tile's keys are, from row to row; the same of its values: places after those of the arguments. */
    static final int KEYS_AT = DIRECT + 1;

    static final int KEYS_STEP = KEYS_AT + 1;
    static final int VALUES_AT = KEYS_AT + 2;
    static final int VALUES_STEP = KEYS_AT + 3;
    private static final int LEFT = KEYS_AT + 4;

    private static final int TILE = AttentionKernel.TILE;

    private final KvLoad keys;
    private final KvLoad values;
    private final int keyWidth;
    private final int valueWidth;
    private final X86Assembler a;
    private final Constants constants;
    private final TileCode tile;

    private AttentionCode(KvLoad keys, KvLoad values, int keyWidth, int valueWidth, Set<String> features) {
        this.keys = keys;
        this.values = values;
        this.keyWidth = keyWidth;
        this.valueWidth = valueWidth;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.tile = new TileCode(a, constants, keyWidth, valueWidth);
    }

    static byte[] build(KvLoad keys, KvLoad values, int keyWidth, int valueWidth, Set<String> features) {
        return new AttentionCode(keys, values, keyWidth, valueWidth, features).build();
    }

    static Mem arg(int index) {
        return mem(RBX, 8 * index);
    }

    private byte[] build() {
        Reg[] kept = {RBX, RBP, R12, R13, R14, R15};
        Label next = a.label();
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI).emit(MOV, R12, arg(FIRST));
        a.bind(next);
        a.emit(LEA, R13, mem(R12, TILE))
                .emit(MOV, RAX, arg(END))
                .emit(CMP, R13, RAX)
                .emit(CMOVG, R13, RAX);
        a.emit(MOV, RCX, R13).emit(SUB, RCX, R12);
        rows(keys, keyWidth, KEYS, TILE_KEYS, KEYS_AT);
        rows(values, valueWidth, VALUES, TILE_VALUES, VALUES_AT);
        queries();
        for (int i : new int[] {KEYS, VALUES}) {
            a.emit(MOV, RAX, arg(i + 1))
                    .emit(SHL, RAX, imm(5))
                    .emit(ADD, RAX, arg(i))
                    .emit(MOV, arg(i), RAX);
        }
        a.emit(MOV, R12, R13).emit(CMP, R12, arg(END)).jump(Condition.LESS, next);
        a.emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    /** rcx rows: decoded, or where they lie if that is the same and the tile is whole. */
    private void rows(KvLoad load, int width, int from, int room, int at) {
        Label next = a.label();
        Label done = a.label();
        if (load.isDecoded(width)) {
            a.emit(MOV, RSI, arg(from))
                    .emit(MOV, arg(at), RSI)
                    .emit(MOV, RSI, arg(from + 1))
                    .emit(MOV, arg(at + 1), RSI);
            a.emit(CMP, RCX, imm(TILE)).jump(Condition.ZERO, done);
        }
        a.emit(MOV, RSI, arg(from)).emit(MOV, RDI, arg(room)).emit(MOV, arg(at), RDI);
        a.emit(MOV, RAX, imm(MachineAttention.rowBytes(width, 8)))
                .emit(MOV, arg(at + 1), RAX)
                .emit(MOV, R8, RCX);
        a.bind(next);
        load.decode(a, constants, width);
        a.emit(ADD, RSI, arg(from + 1)).emit(ADD, RDI, imm(MachineAttention.rowBytes(width, 8)));
        a.emit(DEC, R8).jump(Condition.NOT_ZERO, next);
        a.bind(done);
    }

    /** Each query in turn: rbp its record, r14 itself, r15 its out. */
    private void queries() {
        Label next = a.label();
        Label unseen = a.label();
        a.emit(MOV, RBP, arg(RECORDS)).emit(MOV, R14, arg(QUERY)).emit(MOV, R15, arg(OUT));
        a.emit(MOV, RAX, arg(QUERIES)).emit(MOV, arg(LEFT), RAX);
        a.bind(next);
        visible();
        a.jump(Condition.NOT_LESS, unseen);
        tile.scores();
        tile.weights();
        tile.weigh();
        a.bind(unseen);
        a.emit(ADD, RBP, imm(RECORD)).emit(ADD, R14, arg(QUERY_STRIDE)).emit(ADD, R15, arg(OUT_STRIDE));
        a.emit(MOV, RAX, arg(LEFT)).emit(DEC, RAX).emit(MOV, arg(LEFT), RAX);
        a.emit(TEST, RAX, RAX).jump(Condition.NOT_ZERO, next);
    }

    /** [r8, r9) = the slots of this tile that the query sees, from the tile's first; flags as of r8 - r9. */
    private void visible() {
        a.emit(MOVSXD, R8, mem(RBP, 0)).emit(CMP, R8, R12).emit(CMOVL, R8, R12).emit(SUB, R8, R12);
        a.emit(MOVSXD, R9, mem(RBP, 4)).emit(CMP, R9, R13).emit(CMOVG, R9, R13).emit(SUB, R9, R12);
        a.emit(CMP, R8, R9);
    }
}
