// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VBROADCASTI32X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPROLVD;
import static dev.jay.tensor.asm.x86.Avx512.VPTERNLOGD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * Two blocks of {@code [scale:f16][offsetScale:f16][group scales and offsets: u6 x 16][high:u1 x 256][low:u4 x 256]}. Each
 * 32 bytes of low are two sums, the first in the low halves; bit s of the 32 bytes of high is that of sum s.
 */
final class GroupQ5_K implements Group {
    static final int BLOCK = 176;
    static final int HIGH = 16;
    static final int LOW = HIGH + 32;

    /** Truth table of a | (b & c). */
    static final int OR_AND = 0xF8;

    @Override
    public int bytes() {
        return 2 * BLOCK;
    }

    @Override
    public int cols() {
        return 2 * 256;
    }

    @Override
    public boolean hasOffsets() {
        return true;
    }

    @Override
    public boolean isSplit() {
        return true;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VMOVDQU64, zmm(2), constants.ints(Groups.SPLIT_FOLDED));
        a.emit(VPBROADCASTD, zmm(3), constants.ints(Groups.ONES));
        a.emit(VPBROADCASTD, zmm(4), constants.ints(0x10101010));
        a.emit(
                VMOVDQU64,
                zmm(21),
                constants.ints(4, 4, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0, 30, 30, 30, 30)); // even bits to 4
        a.emit(VMOVDQU64, zmm(22), constants.ints(3, 3, 3, 3, 1, 1, 1, 1, 31, 31, 31, 31, 29, 29, 29, 29)); // odd ones
        GroupQ4_K.scaleConstants(a, constants);
    }

    @Override
    public int sum(int v) {
        return v / 2;
    }

    @Override
    public void weights(X86Assembler a, int v) {
        int block = v / 4 * BLOCK;
        if (v % 4 == 0) GroupQ4_K.halves(a, block + LOW);
        a.emit(VBROADCASTI32X4, zmm(16), mem(RDI, block + HIGH + 16 * (v % 2)));
        a.emit(VPROLVD, zmm(16), zmm(16), zmm(v % 4 < 2 ? 21 : 22));
        a.emit(VPANDD, zmm(19), zmm(17 + v % 2), zmm(1)).emit(VPTERNLOGD, zmm(19), zmm(16), zmm(4), imm(OR_AND));
        if (v % 4 < 2) a.emit(VPSRLD, zmm(17 + v % 2), zmm(17 + v % 2), imm(4));
    }

    @Override
    public void fold(X86Assembler a) {
        Groups.foldSplitWide(a, zmm(3), zmm(2));
    }

    @Override
    public void scales(X86Assembler a) {
        GroupQ4_K.scales(a, at -> mem(RDI, at), at -> mem(RDI, BLOCK + at));
    }
}
