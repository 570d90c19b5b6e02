// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** See {@link GroupQ4_K}. A weight is scale * q - offset. */
final class UnpackQ4_K implements Unpack {
    private static final int OFFSETS = 64; // in the place, after the scales

    @Override
    public int blockBytes() {
        return GroupQ4_K.BLOCK;
    }

    @Override
    public int blockCols() {
        return 256;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VMOVDQU64, zmm(2), UnpackQ4_0.values(constants, 0));
        a.emit(VPBROADCASTD, zmm(3), constants.ints(0x80000000));
        GroupQ4_K.scaleConstants(a, constants);
    }

    @Override
    public void block(UnpackCode code) {
        X86Assembler a = code.a;
        GroupQ4_K.scales(a, code::at, code::at);
        a.emit(VPXORD, zmm(18), zmm(18), zmm(3)); // what is added
        a.emit(VMOVUPS, code.place(0), zmm(17)).emit(VMOVUPS, code.place(OFFSETS), zmm(18));
        for (int sum = 0; sum < 8; sum += 2) {
            for (int half = 0; half < 2; half++) {
                Reg q = zmm(16 + half);
                a.emit(VPMOVZXBD, q, code.at(GroupQ4_K.QUANTS + 16 * sum + 16 * half));
                a.emit(VPERMPS, zmm(24 + half), q, zmm(2));
                a.emit(VPSRLD, q, q, imm(4)).emit(VPERMPS, zmm(26 + half), q, zmm(2));
            }
            for (int i = 0; i < 2; i++) {
                int at = 4 * (sum + i);
                a.emit(VBROADCASTSS, zmm(28), code.place(at)).emit(VBROADCASTSS, zmm(29), code.place(OFFSETS + at));
                a.emit(VFMADD213PS, zmm(24 + 2 * i), zmm(28), zmm(29));
                a.emit(VFMADD213PS, zmm(25 + 2 * i), zmm(28), zmm(29));
                code.store(sum + i, zmm(24 + 2 * i), zmm(25 + 2 * i));
            }
        }
    }
}
