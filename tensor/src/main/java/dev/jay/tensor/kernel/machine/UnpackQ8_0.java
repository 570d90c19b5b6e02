// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;

import dev.jay.tensor.asm.x86.X86Assembler;

/** {@code [scale:f16][q:i8 x 32]}. */
final class UnpackQ8_0 implements Unpack {
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
    public void begin(X86Assembler a, Constants constants) {}

    @Override
    public void block(UnpackCode code) {
        X86Assembler a = code.a;
        a.emit(VPBROADCASTW, xmm(16), code.at(0))
                .emit(VCVTPH2PS, xmm(16), xmm(16))
                .emit(VBROADCASTSS, zmm(16), xmm(16));
        for (int i = 0; i < 2; i++) {
            a.emit(VPMOVSXBD, zmm(17 + i), code.at(QUANTS + 16 * i)).emit(VCVTDQ2PS, zmm(17 + i), zmm(17 + i));
            a.emit(VMULPS, zmm(17 + i), zmm(17 + i), zmm(16));
        }
        code.store(0, zmm(17), zmm(18));
    }
}
