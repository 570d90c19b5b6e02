// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPTERNLOGD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.X86Assembler;

/** Eight sums of 32 in a block; see {@link GroupQ4_K}. */
record PanelQ4_K(int added) implements Panel {
    private static final int OFFSETS = 16 * 8 * 4; // place of offsets, after the scales: [row][sum]

    /** Truth table of (a & b) | c. */
    private static final int AND_OR = 0xEA;

    @Override
    public int blockBytes() {
        return GroupQ4_K.BLOCK;
    }

    @Override
    public int blockCols() {
        return 256;
    }

    @Override
    public int sumCols() {
        return 32;
    }

    @Override
    public boolean hasOffsets() {
        return true;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VPBROADCASTD, zmm(2), constants.ints(Panel.bytes(added)));
    }

    @Override
    public void block(PanelCode code) {
        for (int pair = 0; pair < 4; pair++) {
            int at = GroupQ4_K.QUANTS + 32 * pair;
            code.transpose32(r -> code.row(r, at));
            for (int i = 0; i < 8; i++) {
                code.a.emit(VPSRLD, zmm(16), zmm(24 + i), imm(4));
                code.a.emit(VPTERNLOGD, zmm(24 + i), zmm(1), zmm(2), imm(AND_OR));
                code.a.emit(VMOVDQU64, code.record(2 * pair, 64 * i), zmm(24 + i));
                code.a.emit(VPTERNLOGD, zmm(16), zmm(1), zmm(2), imm(AND_OR));
                code.a.emit(VMOVDQU64, code.record(2 * pair + 1, 64 * i), zmm(16));
            }
        }
        scales(code);
    }

    /** Scales and offsets of a block of each row, whose header begins with the row. */
    static void scales(PanelCode code) {
        GroupQ4_K.scaleConstants(code.a, code.constants); // transposing took their registers
        for (int r = 0; r < 16; r += 2) {
            int row = r;
            GroupQ4_K.scales(code.a, at -> code.row(row, at), at -> code.row(row + 1, at));
            code.a.emit(VMOVUPS, code.place(32 * r), zmm(17)).emit(VMOVUPS, code.place(OFFSETS + 32 * r), zmm(18));
        }
        for (int kind = 0; kind < 2; kind++) {
            int from = kind * OFFSETS;
            code.transpose32(r -> code.place(from + 32 * r));
            for (int i = 0; i < 8; i++) {
                code.a.emit(VMOVUPS, code.record(i, code.scalesAt() + 64 * kind), zmm(24 + i));
            }
        }
    }
}
