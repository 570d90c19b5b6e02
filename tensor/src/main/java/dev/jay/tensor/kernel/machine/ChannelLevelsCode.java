// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU32;
import static dev.jay.tensor.asm.x86.Avx512.VPMOVDW;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.format.ChannelLevels;
import java.util.Optional;

/** Ranges of 32 channels stay in registers while all rows go by. */
final class ChannelLevelsCode implements GroupCode {
    private static final int TOGETHER = 4; // rows
    private static final Reg STEP = zmm(16); // of the first sixteen channels; then of the others
    private static final Reg LEAST = zmm(18);

    private final ChannelLevels format;
    private final LevelCode levels;

    private ChannelLevelsCode(ChannelLevels format) {
        this.format = format;
        this.levels = new LevelCode(format.bits(), format.width());
    }

    static Optional<GroupCode> of(ChannelLevels format) {
        return format.rows() % TOGETHER == 0 ? Optional.of(new ChannelLevelsCode(format)) : Optional.empty();
    }

    @Override
    public int scratchBytes() {
        return LevelCode.TAIL_BYTES;
    }

    @Override
    public void begin(GroupsCode code) {
        levels.begin(code);
        LaneMask.first(code.a, k(3), format.width() % 16);
    }

    @Override
    public void group(GroupsCode code, RowStore rows) {
        X86Assembler a = code.a;
        for (int block = 0; 32 * block < format.width(); block++) {
            int first = block;
            int parts = format.width() - 32 * block > 16 ? 2 : 1;
            for (int p = 0; p < parts; p++) range(a, 2 * block + p, p);
            a.emit(LEA, RSI, mem(RBX, format.width() * ChannelLevels.RANGE + 2 * block * levels.partBytes()));
            a.emit(LEA, RDI, mem(R14, block * rows.blockBytes()));
            code.rows(
                    format.rows(),
                    TOGETHER,
                    row -> {
                        for (int p = 0; p < parts; p++) {
                            Reg value = zmm(2 * row + p);
                            int at = row * format.rowBytes() + p * levels.partBytes();
                            levels.numbers(a, value, 2 * first + p, mem(RSI, at));
                            a.emit(VFMADD213PS, value, zmm(STEP.number() + p), zmm(LEAST.number() + p));
                        }
                        rows.store(a, first, mem(RDI, row * rows.rowBytes()), zmm(2 * row), zmm(2 * row + 1));
                    },
                    () -> a.emit(ADD, RSI, imm((long) TOGETHER * format.rowBytes()))
                            .emit(ADD, RDI, imm((long) TOGETHER * rows.rowBytes())));
        }
    }

    /** Of sixteen channels. */
    private void range(X86Assembler a, int part, int to) {
        boolean isShort = format.width() < 16 * (part + 1);
        a.emit(VMOVDQU32, isShort ? zmm(20).zero(k(3)) : zmm(20), mem(RBX, 16 * part * ChannelLevels.RANGE));
        a.emit(VPMOVDW, ymm(21), zmm(20)).emit(VCVTPH2PS, zmm(STEP.number() + to), ymm(21));
        a.emit(VPSRLD, zmm(20), zmm(20), imm(16));
        a.emit(VPMOVDW, ymm(21), zmm(20)).emit(VCVTPH2PS, zmm(LEAST.number() + to), ymm(21));
    }
}
