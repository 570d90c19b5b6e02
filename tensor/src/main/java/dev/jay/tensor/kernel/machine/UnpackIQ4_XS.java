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
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;
import static dev.jay.tensor.asm.x86.Vectors.VPSUBD;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.CodeLevels;

/**
 * {@code [scale:f16][high bits of s: u2 x 8][low bits of s: u4 x 8][q:u4 x 256]}: groups of 32 as {@link UnpackNibbles}
 * has them, each under scale * (s - 32). The eight group scales go by way of the place.
 */
final class UnpackIQ4_XS implements Unpack {
    private static final int QUANTS = 8;
    private static final int GROUPS = 8;

    @Override
    public int blockBytes() {
        return QUANTS + 128;
    }

    @Override
    public int blockCols() {
        return 32 * GROUPS;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        float[] levels = CodeLevels.of("iq4_nl", 0x3C00);
        int[] bits = new int[16];
        int[] low = new int[16];
        int[] high = new int[16];
        for (int i = 0; i < 16; i++) {
            bits[i] = Float.floatToRawIntBits(levels[i]);
            low[i] = 4 * (i % GROUPS);
            high[i] = 16 + 2 * (i % GROUPS); // behind the scale, in one word with it
        }
        a.emit(VMOVDQU64, zmm(1), constants.ints(bits));
        a.emit(VMOVDQU64, zmm(2), constants.ints(low)).emit(VMOVDQU64, zmm(3), constants.ints(high));
        a.emit(VPBROADCASTD, zmm(4), constants.ints(15)).emit(VPBROADCASTD, zmm(5), constants.ints(3));
        a.emit(VPBROADCASTD, zmm(20), constants.ints(32));
    }

    @Override
    public void block(UnpackCode code) {
        X86Assembler a = code.a;
        a.emit(VPBROADCASTD, zmm(16), code.at(4)).emit(VPSRLVD, zmm(16), zmm(16), zmm(2));
        a.emit(VPANDD, zmm(16), zmm(16), zmm(4));
        a.emit(VPBROADCASTD, zmm(17), code.at(0)).emit(VPSRLVD, zmm(17), zmm(17), zmm(3));
        a.emit(VPANDD, zmm(17), zmm(17), zmm(5)).emit(VPSLLD, zmm(17), zmm(17), imm(4));
        a.emit(VPORD, zmm(16), zmm(16), zmm(17)).emit(VPSUBD, zmm(16), zmm(16), zmm(20));
        a.emit(VCVTDQ2PS, zmm(16), zmm(16));
        a.emit(VPBROADCASTW, xmm(17), code.at(0)).emit(VCVTPH2PS, xmm(17), xmm(17));
        a.emit(VBROADCASTSS, zmm(17), xmm(17)).emit(VMULPS, zmm(16), zmm(16), zmm(17));
        a.emit(VMOVUPS, code.place(0), zmm(16));
        for (int g = 0; g < GROUPS; g++) {
            Reg low = zmm(24 + 2 * (g % 4));
            Reg high = zmm(25 + 2 * (g % 4));
            a.emit(VPMOVZXBD, zmm(19), code.at(QUANTS + 16 * g)).emit(VPERMPS, low, zmm(19), zmm(1));
            a.emit(VPSRLD, zmm(19), zmm(19), imm(4)).emit(VPERMPS, high, zmm(19), zmm(1));
            for (Reg w : new Reg[] {low, high}) {
                a.emit(VMULPS, w, w, code.place(4 * g).each());
            }
            code.store(g, low, high);
        }
    }
}
