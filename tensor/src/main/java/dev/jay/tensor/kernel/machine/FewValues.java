// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMOVL;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.kernel.machine.FewCode.arg;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** Sums of a quad of queries: each row of values becomes float32 and is added as often as each query's weight says. */
final class FewValues {
    private static final int TOGETHER = 4; // vectors of a row: their sums stay in registers
    private static final int BLOCK = 8; // rows, where a row has more
    private static final int SUMS = 16; // the first register
    private static final int VALUES = 2;
    private static final int WEIGHTS = 6;

    private final X86Assembler a;
    private final Constants constants;
    private final KvLoad values;
    private final FewLayout layout;

    FewValues(X86Assembler a, Constants constants, KvLoad values, FewLayout layout) {
        this.a = a;
        this.constants = constants;
        this.values = values;
        this.layout = layout;
    }

    /** Of rows from rsi, rcx apart, rdx their weights, as many as the argument says, and the quad at rbp. */
    void emit(FewFetch fetch) {
        Label block = a.label();
        int parts = layout.valueParts();
        int chunks = Math.ceilDiv(parts, TOGETHER);
        a.bind(block);
        if (chunks > 1) {
            a.emit(MOV, RAX, arg(FewCode.ROWS_LEFT)).emit(MOV, R11, imm(BLOCK));
            a.emit(CMP, RAX, R11).emit(CMOVL, R11, RAX).emit(MOV, arg(FewCode.BLOCK_ROWS), R11);
        }
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = chunk * TOGETHER;
            mix(first, Math.min(TOGETHER, parts - first), chunks, fetch);
        }
        if (chunks == 1) return;
        a.emit(MOV, RSI, RAX).emit(MOV, RDX, R10).emit(MOV, RAX, arg(FewCode.ROWS_LEFT));
        a.emit(SUB, RAX, arg(FewCode.BLOCK_ROWS)).emit(MOV, arg(FewCode.ROWS_LEFT), RAX);
        a.jump(Condition.GREATER, block);
    }

    private Mem sum(int part, int query) {
        return mem(RBP, layout.sums() + part * FewLayout.PART_BYTES + 64 * query);
    }

    private static Reg sumOf(int part, int query) {
        return zmm(SUMS + TOGETHER * query + part);
    }

    /** For each of the rows of a block, some parts of it. */
    private void mix(int first, int count, int chunks, FewFetch fetch) {
        Label next = a.label();
        for (int p = 0; p < count; p++) {
            for (int q = 0; q < FewLayout.QUAD; q++) a.emit(VMOVUPS, sumOf(p, q), sum(first + p, q));
        }
        a.emit(MOV, RAX, RSI).emit(MOV, R10, RDX);
        a.emit(MOV, R11, arg(chunks > 1 ? FewCode.BLOCK_ROWS : FewCode.ROWS_LEFT))
                .align(32)
                .bind(next);
        fetch.begin(1, chunks, FewLayout.QUAD);
        load(first, count);
        for (int q = 0; q < FewLayout.QUAD; q++) {
            a.emit(VBROADCASTSS, zmm(WEIGHTS + q), mem(R10, 4 * q));
            for (int p = 0; p < count; p++) a.emit(VFMADD231PS, sumOf(p, q), zmm(VALUES + p), zmm(WEIGHTS + q));
            fetch.step();
        }
        a.emit(ADD, RAX, RCX).emit(ADD, R10, imm(4 * FewLayout.QUAD));
        fetch.end();
        a.emit(DEC, R11).jump(Condition.NOT_ZERO, next);
        for (int p = 0; p < count; p++) {
            for (int q = 0; q < FewLayout.QUAD; q++) a.emit(VMOVUPS, sum(first + p, q), sumOf(p, q));
        }
    }

    private void load(int first, int count) {
        for (int p = 0; p < count; p += values.isDirect() ? 1 : 2) {
            int part = first + p;
            if (values.isDirect()) {
                boolean isShort = layout.valueWidth() < FewLayout.PART * (part + 1);
                Reg to = isShort ? zmm(VALUES + p).zero(k(5)) : zmm(VALUES + p);
                values.load(a, to, mem(RAX, part * values.bytes()));
            } else {
                Mem block = mem(RAX, part / 2 * values.lineBytes());
                values.scale(a, zmm(1), block);
                values.halves(a, constants, zmm(VALUES + p), zmm(VALUES + p + 1), zmm(1), block);
            }
        }
    }
}
