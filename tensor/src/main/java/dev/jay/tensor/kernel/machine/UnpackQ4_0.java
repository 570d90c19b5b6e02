// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.X86Assembler;

/** {@code [scale:f16][q:u4 x 32]}, low halves first; q stands for q - 8. A half looks its value up in a register. */
final class UnpackQ4_0 implements Unpack {
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
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VMOVDQU64, zmm(1), values(constants, -8));
    }

    /** Sixteen floats, from {@code first} on. */
    static Mem values(Constants constants, int first) {
        int[] bits = new int[16];
        for (int i = 0; i < 16; i++) bits[i] = Float.floatToRawIntBits(first + i);
        return constants.ints(bits);
    }

    @Override
    public void block(UnpackCode code) {
        X86Assembler a = code.a;
        a.emit(VPBROADCASTW, xmm(16), code.at(0))
                .emit(VCVTPH2PS, xmm(16), xmm(16))
                .emit(VBROADCASTSS, zmm(16), xmm(16));
        a.emit(VPMOVZXBD, zmm(19), code.at(QUANTS)).emit(VPERMPS, zmm(17), zmm(19), zmm(1));
        a.emit(VPSRLD, zmm(19), zmm(19), imm(4)).emit(VPERMPS, zmm(18), zmm(19), zmm(1));
        a.emit(VMULPS, zmm(17), zmm(17), zmm(16)).emit(VMULPS, zmm(18), zmm(18), zmm(16));
        code.store(0, zmm(17), zmm(18));
    }
}
