// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VSHUFF32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VSHUFPS;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKHPS;
import static dev.jay.tensor.asm.x86.Vectors.VUNPCKLPS;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * Scores of a quad of queries: four rows of keys at a time become float32 and meet every query, sixteen dimensions after
 * sixteen; then the lanes of the sixteen sums are added up together.
 */
final class FewScores {
    private static final int ROWS = 4;
    private static final int STEPS = 32 / ROWS;
    private static final int SUMS = 16; // the first register
    private static final int QUERIES = 2;
    private static final int KEYS = 10;

    private final X86Assembler a;
    private final Constants constants;
    private final KvLoad keys;
    private final FewLayout layout;

    FewScores(X86Assembler a, Constants constants, KvLoad keys, FewLayout layout) {
        this.a = a;
        this.constants = constants;
        this.keys = keys;
        this.layout = layout;
    }

    /** Of 32 rows from r8, rcx apart, and the quad at rbp. Uses rax, rdx, rsi, r10, r11 and vectors; moves rdi. */
    void emit(FewFetch fetch) {
        Label next = a.label();
        a.emit(MOV, RSI, R8).emit(LEA, RDX, mem(RCX, RCX, 2, 0));
        a.emit(LEA, R10, mem(RBX, FewLayout.WEIGHTS))
                .emit(MOV, R11, imm(STEPS))
                .align(32)
                .bind(next);
        fetch.begin(ROWS, layout.keyParts() * ROWS + ADDING);
        int parts = layout.keyParts();
        int together = keys.isDirect() ? 1 : 2; // parts
        for (int part = 0; part < parts; part += together) {
            int count = Math.min(together, parts - part);
            for (int p = 0; p < count; p++) {
                for (int q = 0; q < FewLayout.QUAD; q++) {
                    a.emit(VMOVUPS, zmm(QUERIES + 4 * p + q), mem(RBP, (part + p) * FewLayout.PART_BYTES + 64 * q));
                }
            }
            for (int row = 0; row < ROWS; row++) multiply(row, part, count, fetch);
        }
        add(fetch);
        a.emit(ADD, R10, imm(64)).emit(LEA, RSI, mem(RSI, RCX, 4, 0));
        fetch.end();
        a.emit(DEC, R11).jump(Condition.NOT_ZERO, next);
    }

    private static final int ADDING = 6; // as long as so many times four multiplications

    private Mem row(int row, int disp) {
        return switch (row) {
            case 0 -> mem(RSI, disp);
            case 1 -> mem(RSI, RCX, 1, disp);
            case 2 -> mem(RSI, RCX, 2, disp);
            default -> mem(RSI, RDX, 1, disp);
        };
    }

    private void multiply(int row, int part, int count, FewFetch fetch) {
        int x = KEYS + 2 * (row % 2);
        if (keys.isDirect()) {
            boolean isShort = layout.keyWidth() < FewLayout.PART * (part + 1);
            keys.load(a, isShort ? zmm(x).zero(k(6)) : zmm(x), row(row, part * keys.bytes()));
        } else {
            Mem block = row(row, part / 2 * keys.lineBytes());
            keys.scale(a, zmm(1), block);
            keys.halves(a, constants, zmm(x), zmm(x + 1), zmm(1), block);
        }
        for (int p = 0; p < count; p++) {
            for (int q = 0; q < FewLayout.QUAD; q++) {
                Reg sum = zmm(SUMS + FewLayout.QUAD * row + q);
                boolean isFirst = part + p == 0;
                a.emit(isFirst ? VMULPS : VFMADD231PS, sum, zmm(x + p), zmm(QUERIES + 4 * p + q));
            }
            fetch.step();
        }
    }

    /** The sums of the lanes of sixteen sums: of row r and query q into lane 4 * r + q. */
    private void add(FewFetch fetch) {
        for (int row = 0; row < ROWS; row++) {
            int s = SUMS + FewLayout.QUAD * row;
            for (int i = 0; i < 2; i++) {
                a.emit(VUNPCKLPS, zmm(2 + i), zmm(s + 2 * i), zmm(s + 2 * i + 1));
                a.emit(VUNPCKHPS, zmm(4 + i), zmm(s + 2 * i), zmm(s + 2 * i + 1));
                a.emit(VADDPS, zmm(2 + i), zmm(2 + i), zmm(4 + i));
            }
            a.emit(VSHUFPS, zmm(4), zmm(2), zmm(3), imm(0x44)).emit(VSHUFPS, zmm(5), zmm(2), zmm(3), imm(0xEE));
            a.emit(VADDPS, zmm(6 + row), zmm(4), zmm(5));
            fetch.step();
        }
        for (int i = 0; i < 2; i++) {
            a.emit(VSHUFF32X4, zmm(2), zmm(6 + 2 * i), zmm(7 + 2 * i), imm(0x44));
            a.emit(VSHUFF32X4, zmm(3), zmm(6 + 2 * i), zmm(7 + 2 * i), imm(0xEE));
            a.emit(VADDPS, zmm(10 + i), zmm(2), zmm(3));
            fetch.step();
        }
        a.emit(VSHUFF32X4, zmm(2), zmm(10), zmm(11), imm(0x88)).emit(VSHUFF32X4, zmm(3), zmm(10), zmm(11), imm(0xDD));
        a.emit(VADDPS, zmm(2), zmm(2), zmm(3)).emit(VMOVUPS, mem(R10, 0), zmm(2));
    }
}
