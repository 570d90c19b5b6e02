// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPTERNLOGD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.X86Assembler;

/** Eight sums of 32 in a block; see {@link GroupQ5_K}. */
record PanelQ5_K(int added) implements Panel {
    /** Truth table of (a & b) | c. */
    private static final int AND_OR = 0xEA;

    @Override
    public int blockBytes() {
        return GroupQ5_K.BLOCK;
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
        a.emit(VPBROADCASTD, zmm(3), constants.ints(0x10101010));
    }

    @Override
    public void block(PanelCode code) {
        code.transpose32(r -> code.row(r, GroupQ5_K.HIGH));
        for (int i = 0; i < 8; i++) code.a.emit(VMOVDQU64, code.place(64 * i), zmm(24 + i));
        for (int pair = 0; pair < 4; pair++) {
            int at = GroupQ5_K.LOW + 32 * pair;
            code.transpose32(r -> code.row(r, at));
            for (int i = 0; i < 8; i++) {
                code.a.emit(VPSRLD, zmm(17), zmm(24 + i), imm(4)); // before the low halves take its place
                quad(code, 2 * pair, i, 24 + i);
                quad(code, 2 * pair + 1, i, 17);
            }
        }
        PanelQ4_K.scales(code);
    }

    /** Four columns of a sum, whose low four bits are in the low halves. */
    private static void quad(PanelCode code, int sum, int i, int low) {
        X86Assembler a = code.a;
        a.emit(VPTERNLOGD, zmm(low), zmm(1), zmm(2), imm(AND_OR)).emit(VMOVDQU64, zmm(16), code.place(64 * i));
        if (sum < 4) a.emit(VPSLLD, zmm(16), zmm(16), imm(4 - sum));
        if (sum > 4) a.emit(VPSRLD, zmm(16), zmm(16), imm(sum - 4));
        a.emit(VPTERNLOGD, zmm(low), zmm(16), zmm(3), imm(GroupQ5_K.OR_AND));
        a.emit(VMOVDQU64, code.record(sum, 64 * i), zmm(low));
    }
}
