// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPORD;
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
import static dev.jay.tensor.asm.x86.Vectors.VPERMD;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;
import static dev.jay.tensor.asm.x86.Vectors.VPSUBD;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * {@code [high:u1 x 256][low:u2 x 256][group scales: u6 x 16][scale:f16]}: a group is a vector, q stands for q - 4. The
 * groups' scales go by way of the place.
 */
final class UnpackQ3_K implements Unpack {
    private static final int LOW = 32;
    private static final int SCALES = 96;
    private static final int SCALE = 108;
    /** Sixteen bytes, the scales among them, that end with the block. */
    private static final int AROUND = SCALE + 2 - 16;

    @Override
    public int blockBytes() {
        return SCALE + 2;
    }

    @Override
    public int blockCols() {
        return 256;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        int[] low = new int[16];
        int[] lowBits = new int[16];
        int[] high = new int[16];
        int[] highBits = new int[16];
        for (int g = 0; g < 16; g++) {
            low[g] = SCALES - AROUND + g % 8;
            lowBits[g] = g / 8 * 4;
            high[g] = SCALES - AROUND + 8 + g % 4;
            highBits[g] = g / 4 * 2;
        }
        a.emit(VMOVDQU64, zmm(1), constants.ints(low)).emit(VMOVDQU64, zmm(2), constants.ints(lowBits));
        a.emit(VMOVDQU64, zmm(3), constants.ints(high)).emit(VMOVDQU64, zmm(4), constants.ints(highBits));
        a.emit(VPBROADCASTD, zmm(5), constants.ints(15)).emit(VPBROADCASTD, zmm(20), constants.ints(3));
        a.emit(VPBROADCASTD, zmm(21), constants.ints(32)).emit(VPBROADCASTD, zmm(22), constants.ints(4));
    }

    @Override
    public void block(UnpackCode code) {
        scales(code);
        X86Assembler a = code.a;
        for (int part = 0; part < 2; part++) a.emit(VPMOVZXBD, zmm(16 + part), code.at(16 * part));
        for (int half = 0; half < 2; half++) {
            for (int part = 0; part < 2; part++) {
                a.emit(VPMOVZXBD, zmm(18 + part), code.at(LOW + 32 * half + 16 * part));
            }
            for (int i = 0; i < 4; i++) {
                for (int part = 0; part < 2; part++) {
                    Reg q = zmm(24 + 2 * i + part);
                    int bit = 4 * half + i;
                    a.emit(VPSRLD, q, zmm(16 + part), imm(bit)).emit(VPSLLD, q, q, imm(2));
                    a.emit(VPANDD, q, q, zmm(22)).emit(VPSRLD, zmm(23), zmm(18 + part), imm(2L * i));
                    a.emit(VPANDD, zmm(23), zmm(23), zmm(20)).emit(VPORD, q, q, zmm(23));
                    a.emit(VPSUBD, q, q, zmm(22)).emit(VCVTDQ2PS, q, q);
                    a.emit(VMULPS, q, q, code.place(4 * (2 * bit + part)).each());
                }
                code.store(4 * half + i, zmm(24 + 2 * i), zmm(25 + 2 * i));
            }
        }
    }

    private static void scales(UnpackCode code) {
        X86Assembler a = code.a;
        a.emit(VPMOVZXBD, zmm(16), code.at(AROUND)).emit(VPERMD, zmm(17), zmm(3), zmm(16));
        a.emit(VPERMD, zmm(16), zmm(1), zmm(16)).emit(VPSRLVD, zmm(16), zmm(16), zmm(2));
        a.emit(VPANDD, zmm(16), zmm(16), zmm(5)).emit(VPSRLVD, zmm(17), zmm(17), zmm(4));
        a.emit(VPANDD, zmm(17), zmm(17), zmm(20)).emit(VPSLLD, zmm(17), zmm(17), imm(4));
        a.emit(VPORD, zmm(16), zmm(16), zmm(17)).emit(VPSUBD, zmm(16), zmm(16), zmm(21));
        a.emit(VPBROADCASTW, xmm(17), code.at(SCALE)).emit(VCVTPH2PS, xmm(17), xmm(17));
        a.emit(VBROADCASTSS, zmm(17), xmm(17)).emit(VCVTDQ2PS, zmm(16), zmm(16));
        a.emit(VMULPS, zmm(16), zmm(16), zmm(17)).emit(VMOVUPS, code.place(0), zmm(16));
    }
}
