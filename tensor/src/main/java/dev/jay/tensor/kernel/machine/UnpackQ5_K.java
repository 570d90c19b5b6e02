// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPTERNLOGD;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** See {@link GroupQ5_K}. A weight is scale * q - offset. */
final class UnpackQ5_K implements Unpack {
    private static final int OFFSETS = 64; // in the place, after the scales

    @Override
    public int blockBytes() {
        return GroupQ5_K.BLOCK;
    }

    @Override
    public int blockCols() {
        return 256;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F)); // of which the first byte is for the weights
        a.emit(VPBROADCASTD, zmm(2), constants.ints(0x10));
        a.emit(VPBROADCASTD, zmm(3), constants.ints(0x80000000));
        GroupQ4_K.scaleConstants(a, constants);
    }

    @Override
    public void block(UnpackCode code) {
        X86Assembler a = code.a;
        GroupQ4_K.scales(a, code::at, code::at);
        a.emit(VPXORD, zmm(18), zmm(18), zmm(3)); // what is added
        a.emit(VMOVUPS, code.place(0), zmm(17)).emit(VMOVUPS, code.place(OFFSETS), zmm(18));
        for (int half = 0; half < 2; half++) a.emit(VPMOVZXBD, zmm(16 + half), code.at(GroupQ5_K.HIGH + 16 * half));
        for (int sum = 0; sum < 8; sum += 2) {
            for (int half = 0; half < 2; half++) {
                Reg first = zmm(24 + half);
                Reg second = zmm(26 + half);
                a.emit(VPMOVZXBD, first, code.at(GroupQ5_K.LOW + 16 * sum + 16 * half));
                a.emit(VPSRLD, second, first, imm(4)).emit(VPANDD, first, first, zmm(1));
                high(a, first, half, sum);
                high(a, second, half, sum + 1);
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

    /** The fifth bit to q, and q to floats. */
    private static void high(X86Assembler a, Reg q, int half, int sum) {
        if (sum < 4) a.emit(VPSLLD, zmm(18), zmm(16 + half), imm(4 - sum));
        else a.emit(VPSRLD, zmm(18), zmm(16 + half), imm(sum - 4));
        a.emit(VPTERNLOGD, q, zmm(18), zmm(2), imm(GroupQ5_K.OR_AND)).emit(VCVTDQ2PS, q, q);
    }
}
