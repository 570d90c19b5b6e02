// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * {@code [group scales low, offsets high: u8 x 16][q:u2 x 256][scale:f16][offsetScale:f16]}: a group is a vector. The
 * groups' scales and offsets go by way of the place.
 */
final class UnpackQ2_K implements Unpack {
    private static final int QUANTS = 16;
    private static final int SCALE = 80;
    private static final int OFFSETS = 64; // in the place, after the scales

    @Override
    public int blockBytes() {
        return SCALE + 4;
    }

    @Override
    public int blockCols() {
        return 256;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(15)).emit(VPBROADCASTD, zmm(2), constants.ints(3));
    }

    @Override
    public void block(UnpackCode code) {
        X86Assembler a = code.a;
        a.emit(VPMOVZXBD, zmm(16), code.at(0)).emit(VPSRLD, zmm(17), zmm(16), imm(4));
        a.emit(VPANDD, zmm(16), zmm(16), zmm(1));
        for (int i = 0; i < 2; i++) {
            Reg of = zmm(16 + i);
            a.emit(VCVTDQ2PS, of, of).emit(VPBROADCASTW, xmm(18), code.at(SCALE + 2 * i));
            a.emit(VCVTPH2PS, xmm(18), xmm(18)).emit(VBROADCASTSS, zmm(18), xmm(18));
            a.emit(VMULPS, of, of, zmm(18)).emit(VMOVUPS, code.place(OFFSETS * i), of);
        }
        for (int half = 0; half < 2; half++) {
            for (int part = 0; part < 2; part++) {
                a.emit(VPMOVZXBD, zmm(16 + part), code.at(QUANTS + 32 * half + 16 * part));
            }
            for (int i = 0; i < 4; i++) {
                for (int part = 0; part < 2; part++) {
                    Reg q = zmm(24 + 2 * i + part);
                    int group = 8 * half + 2 * i + part;
                    a.emit(VPSRLD, q, zmm(16 + part), imm(2L * i)).emit(VPANDD, q, q, zmm(2));
                    a.emit(VCVTDQ2PS, q, q)
                            .emit(VMULPS, q, q, code.place(4 * group).each());
                    a.emit(VSUBPS, q, q, code.place(OFFSETS + 4 * group).each());
                }
                code.store(4 * half + i, zmm(24 + 2 * i), zmm(25 + 2 * i));
            }
        }
    }
}
