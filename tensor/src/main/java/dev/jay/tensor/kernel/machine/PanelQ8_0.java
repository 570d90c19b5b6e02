// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;

import dev.jay.tensor.asm.x86.X86Assembler;

/** {@code [scale:f16][q:i8 x 32]}. */
record PanelQ8_0(int added) implements Panel {
    private static final int QUANTS = 2;

    @Override
    public int blockBytes() {
        return 34;
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
        a.emit(VPBROADCASTD, zmm(1), constants.ints(Panel.bytes(added)));
    }

    @Override
    public void block(PanelCode code) {
        code.transpose32(r -> code.row(r, QUANTS));
        for (int i = 0; i < 8; i++) {
            code.a.emit(VPXORD, zmm(24 + i), zmm(24 + i), zmm(1));
            code.a.emit(VMOVDQU64, code.record(0, 64 * i), zmm(24 + i));
        }
        code.halfScales(0);
    }
}
