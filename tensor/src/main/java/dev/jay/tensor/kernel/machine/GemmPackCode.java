// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VCVTNE2PS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPERMW;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Packs whole steps of sixteen rows (or columns) of a factor, as memory lies: of rows one step after the other, of
 * columns one sixteen after the other. Arguments: rdi f32 values, rsi bytes from a row in memory to the next, rdx where
 * to, rcx how many, r8 bytes from where one is packed to the next. f32: a step is 16 of k, packed [k][16]. bf16: a step
 * is 32 of k, packed as a tile: [16][k: 32], or with the pairs of k outside, [k / 2][16][2].
 */
final class GemmPackCode {
    /** How the sixteen lie in memory, and how they are packed. */
    enum Kind {
        /** f32, each of the sixteen a row. */
        F32_ROWS,
        /** f32, each of the sixteen a column. */
        F32_COLUMNS,
        /** bf16, from rows to rows: the left factor. */
        BF16_ROWS,
        /** bf16, from columns to rows. */
        BF16_COLUMNS,
        /** bf16, from rows to pairs: the right factor. */
        BF16_ROWS_TO_PAIRS,
        /** bf16, from columns to pairs. */
        BF16_COLUMNS_TO_PAIRS;

        boolean fromRows() {
            return this == F32_ROWS || this == BF16_ROWS || this == BF16_ROWS_TO_PAIRS;
        }

        boolean isBf16() {
            return this != F32_ROWS && this != F32_COLUMNS;
        }

        boolean isTransposed() {
            return this == F32_ROWS || this == BF16_COLUMNS || this == BF16_ROWS_TO_PAIRS;
        }
    }

    private final Kind kind;
    private final X86Assembler a;
    private final Constants constants;
    private final Mem interleave;

    private GemmPackCode(Kind kind, Set<String> features) {
        this.kind = kind;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.interleave = kind.isBf16() && !kind.fromRows() ? constants.ints(interleaved()) : null;
    }

    static byte[] build(Kind kind, Set<String> features) {
        return new GemmPackCode(kind, features).build();
    }

    /** Word i of the first half beside word i of the second. */
    private static int[] interleaved() {
        int[] words = new int[16];
        for (int i = 0; i < 16; i++) words[i] = i | 16 + i << 16;
        return words;
    }

    private byte[] build() {
        Label step = a.label();
        a.emit(ENDBR64);
        a.align(32).bind(step).emit(MOV, R9, RDI);
        for (int i = 0; i < 16; i++) load(i);
        if (kind.isTransposed()) Transpose.emit(a);
        for (int i = 0; i < 16; i++) a.emit(VMOVDQU64, mem(RDX, 64 * i), zmm(i));
        a.emit(ADD, RDI, imm(kind.fromRows() && kind.isBf16() ? 128 : 64));
        a.emit(ADD, RDX, R8).emit(DEC, RCX).jump(Condition.NOT_ZERO, step);
        a.emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    /** The i-th register of a step; r9 goes from row to row in memory. */
    private void load(int i) {
        switch (kind) {
            case F32_ROWS, F32_COLUMNS -> a.emit(VMOVUPS, zmm(i), mem(R9, 0)).emit(ADD, R9, RSI);
            case BF16_ROWS, BF16_ROWS_TO_PAIRS -> {
                a.emit(VMOVUPS, zmm(16), mem(R9, 64)).emit(VCVTNE2PS2BF16, zmm(i), zmm(16), mem(R9, 0));
                a.emit(ADD, R9, RSI);
            }
            case BF16_COLUMNS, BF16_COLUMNS_TO_PAIRS -> {
                if (i == 0) a.emit(VMOVDQU64, zmm(31), interleave);
                a.emit(VMOVUPS, zmm(16), mem(R9, RSI, 1, 0)).emit(VCVTNE2PS2BF16, zmm(i), zmm(16), mem(R9, 0));
                a.emit(VPERMW, zmm(i), zmm(31), zmm(i)).emit(LEA, R9, mem(R9, RSI, 2, 0));
            }
        }
    }
}
