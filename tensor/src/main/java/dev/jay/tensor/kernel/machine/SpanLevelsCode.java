// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VCVTNE2PS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VPERMW;
import static dev.jay.tensor.asm.x86.Avx512.VPORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.format.SpanLevels;
import java.util.Optional;

/** All ranges of a group become f32 in working space first; from there each is loaded to every lane. */
final class SpanLevelsCode implements GroupCode {
    private static final int TOGETHER = 4; // rows

    private final SpanLevels format;
    private final LevelCode levels;

    private SpanLevelsCode(SpanLevels format) {
        this.format = format;
        this.levels = new LevelCode(format.bits(), format.width());
    }

    /** Where sixteen channels side by side have one range. */
    static Optional<GroupCode> of(SpanLevels format) {
        boolean isWhole = format.span() % 16 == 0 || format.span() == format.width();
        return isWhole && format.rows() % TOGETHER == 0 ? Optional.of(new SpanLevelsCode(format)) : Optional.empty();
    }

    /** Floats of a row's ranges. */
    private int ranges() {
        return 2 * format.width() / format.span();
    }

    private int rangesBytes() {
        return Math.ceilDiv(ranges(), 16) * 64;
    }

    @Override
    public int scratchBytes() {
        return LevelCode.TAIL_BYTES + format.rows() * rangesBytes();
    }

    @Override
    public void begin(GroupsCode code) {
        levels.begin(code);
        LaneMask.first(code.a, k(3), ranges() % 16);
    }

    @Override
    public void group(GroupsCode code, RowStore rows) {
        X86Assembler a = code.a;
        ranges(code);
        for (int block = 0; 32 * block < format.width(); block++) {
            int first = block;
            a.emit(LEA, RSI, mem(RBX, format.rangeBytes() + 2 * block * levels.partBytes()));
            a.emit(LEA, RDI, mem(R14, block * rows.blockBytes())).emit(LEA, R8, mem(R15, LevelCode.TAIL_BYTES));
            code.rows(
                    format.rows(),
                    TOGETHER,
                    row -> {
                        if (looksUp(rows)) {
                            lookUp(a, first, row, mem(RDI, row * rows.rowBytes()));
                            return;
                        }
                        values(a, first, row);
                        rows.store(a, first, mem(RDI, row * rows.rowBytes()), zmm(2 * row), zmm(2 * row + 1));
                    },
                    () -> a.emit(ADD, RSI, imm((long) TOGETHER * format.rowBytes()))
                            .emit(ADD, RDI, imm((long) TOGETHER * rows.rowBytes()))
                            .emit(ADD, R8, imm((long) TOGETHER * rangesBytes())));
        }
    }

    private void values(X86Assembler a, int block, int row) {
        Reg step = zmm(16 + row);
        for (int p = 0; p < 2 && 32 * block + 16 * p < format.width(); p++) {
            int channel = 32 * block + 16 * p;
            int range = row * rangesBytes() + channel / format.span() * 8;
            if (p == 0 || channel % format.span() == 0) a.emit(VBROADCASTSS, step, mem(R8, range));
            Reg value = zmm(2 * row + p);
            levels.numbers(a, value, 2 * block + p, mem(RSI, row * format.rowBytes() + p * levels.partBytes()));
            a.emit(VFMADD213PS, value, step, mem(R8, range + 4).each());
        }
    }

    /** Whether 32 values of bf16 can be looked up among the sixteen of their range, which are fewer to compute. */
    private boolean looksUp(RowStore rows) {
        return format.bits() == 4 && rows.isBf16() && format.span() % 32 == 0;
    }

    /** A byte has two codes: its second one is moved to the upper word of its lane. What else is there looks up nothing. */
    private void lookUp(X86Assembler a, int block, int row, Mem to) {
        Reg levels = zmm(16 + row);
        Reg codes = zmm(row);
        Reg upper = zmm(8 + row);
        int range = row * rangesBytes() + 32 * block / format.span() * 8;
        // Twice each: of an index, five bits count.
        a.emit(VBROADCASTSS, levels, mem(R8, range));
        a.emit(VFMADD213PS, levels, LevelCode.NUMBERS, mem(R8, range + 4).each());
        a.emit(VCVTNE2PS2BF16, levels, levels, levels);
        a.emit(VPMOVZXBD, codes, mem(RSI, row * format.rowBytes())).emit(VPSLLD, upper, codes, imm(12));
        a.emit(VPORD, codes, codes, upper).emit(VPERMW, codes, codes, levels).emit(VMOVUPS, to, codes);
    }

    private void ranges(GroupsCode code) {
        X86Assembler a = code.a;
        a.emit(MOV, RSI, RBX).emit(LEA, R8, mem(R15, LevelCode.TAIL_BYTES));
        code.rows(
                format.rows(),
                TOGETHER,
                row -> {
                    for (int at = 0; at < ranges(); at += 16) {
                        boolean isShort = ranges() - at < 16;
                        Reg to = zmm(row);
                        a.emit(VCVTPH2PS, isShort ? to.zero(k(3)) : to, mem(RSI, row * format.rowBytes() + 2 * at));
                        a.emit(VMOVUPS, mem(R8, row * rangesBytes() + 4 * at), to);
                    }
                },
                () -> a.emit(ADD, RSI, imm((long) TOGETHER * format.rowBytes()))
                        .emit(ADD, R8, imm((long) TOGETHER * rangesBytes())));
    }
}
