// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VPADDB;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.X86Assembler;

/** {@code [scale:f16][q:u4 x 32]}, low halves first; q stands for q - 8. */
record PanelQ4_0(int added) implements Panel {
    private static final int QUANTS = 2;

    @Override
    public int blockBytes() {
        return 18;
    }

    @Override
    public int blockCols() {
        return 32;
    }

    @Override
    public int sumCols() {
        return 32;
    }

    @Override
    public boolean hasOffsets() {
        return false;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VPBROADCASTD, zmm(2), constants.ints(Panel.bytes(added - 8)));
    }

    @Override
    public void block(PanelCode code) {
        code.transpose16(r -> code.row(r, QUANTS));
        for (int i = 0; i < 4; i++) {
            code.a.emit(VPANDD, zmm(24), zmm(16 + i), zmm(1)).emit(VPADDB, zmm(24), zmm(24), zmm(2));
            code.a.emit(VMOVDQU64, code.record(0, 64 * i), zmm(24)).emit(VPSRLD, zmm(25), zmm(16 + i), imm(4));
            code.a.emit(VPANDD, zmm(25), zmm(25), zmm(1)).emit(VPADDB, zmm(25), zmm(25), zmm(2));
            code.a.emit(VMOVDQU64, code.record(0, 64 * (4 + i)), zmm(25));
        }
        code.halfScales(0);
    }
}
