// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVD;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTB;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSUBD;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.CodeLevels;

/**
 * 32 codes in 16 bytes, low halves first, behind a scale, for some an offset, for some fifth bits. A half looks up what it
 * stands for in a register; a fifth bit adds 16 to it.
 */
final class UnpackNibbles implements Unpack {
    private static final int NONE = -1;

    private final float[] levels;
    private final boolean isPower; // the scale is a power of two, by its exponent
    private final int offset; // where, or none
    private final int fifths; // where, or none
    private final int quants;

    private UnpackNibbles(float[] levels, boolean isPower, int offset, int fifths, int quants) {
        this.levels = levels;
        this.isPower = isPower;
        this.offset = offset;
        this.fifths = fifths;
        this.quants = quants;
    }

    static UnpackNibbles q4_1() {
        return new UnpackNibbles(from(0), false, 2, NONE, 4);
    }

    static UnpackNibbles q5_0() {
        return new UnpackNibbles(from(-16), false, NONE, 2, 6);
    }

    static UnpackNibbles q5_1() {
        return new UnpackNibbles(from(0), false, 2, 4, 8);
    }

    static UnpackNibbles iq4_nl() {
        return new UnpackNibbles(CodeLevels.of("iq4_nl", 0x3C00), false, NONE, NONE, 2);
    }

    static UnpackNibbles mxfp4() {
        return new UnpackNibbles(CodeLevels.of("mxfp4", 128), true, NONE, NONE, 1);
    }

    private static float[] from(int first) {
        float[] levels = new float[16];
        for (int i = 0; i < 16; i++) levels[i] = first + i;
        return levels;
    }

    @Override
    public int blockBytes() {
        return quants + 16;
    }

    @Override
    public int blockCols() {
        return 32;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        int[] bits = new int[16];
        for (int i = 0; i < 16; i++) bits[i] = Float.floatToRawIntBits(levels[i]);
        a.emit(VMOVDQU64, zmm(1), constants.ints(bits));
        a.emit(VPBROADCASTD, zmm(2), constants.ints(127 - 64));
        a.emit(VPBROADCASTD, zmm(3), constants.ints(Float.floatToRawIntBits(16)));
    }

    @Override
    public void block(UnpackCode code) {
        X86Assembler a = code.a;
        if (isPower) power(code);
        else half(code, 16, 0);
        if (offset != NONE) half(code, 20, offset);
        if (fifths != NONE) {
            a.emit(MOV, RAX.low32(), code.at(fifths)).emit(KMOVD, k(3), RAX.low32());
            a.emit(SHR, RAX, imm(16)).emit(KMOVD, k(4), RAX.low32());
        }
        a.emit(VPMOVZXBD, zmm(19), code.at(quants)).emit(VPERMPS, zmm(17), zmm(19), zmm(1));
        a.emit(VPSRLD, zmm(19), zmm(19), imm(4)).emit(VPERMPS, zmm(18), zmm(19), zmm(1));
        for (int i = 0; i < 2; i++) {
            Reg w = zmm(17 + i);
            if (fifths != NONE) a.emit(VADDPS, w.mask(k(3 + i)), w, zmm(3));
            if (offset != NONE) a.emit(VFMADD213PS, w, zmm(16), zmm(20));
            else a.emit(VMULPS, w, w, zmm(16));
            if (isPower) a.emit(VMULPS, w, w, zmm(20));
        }
        code.store(0, zmm(17), zmm(18));
    }

    private static void half(UnpackCode code, int to, int at) {
        code.a
                .emit(VPBROADCASTW, xmm(to), code.at(at))
                .emit(VCVTPH2PS, xmm(to), xmm(to))
                .emit(VBROADCASTSS, zmm(to), xmm(to));
    }

    /** 2^(e - 128) as a product of two powers, none of which is out of a float's range. */
    private static void power(UnpackCode code) {
        X86Assembler a = code.a;
        a.emit(VPBROADCASTB, zmm(16), code.at(0)).emit(VPSRLD, zmm(16), zmm(16), imm(24));
        a.emit(VPSRLD, zmm(20), zmm(16), imm(1)).emit(VPSUBD, zmm(16), zmm(16), zmm(20));
        for (Reg power : new Reg[] {zmm(16), zmm(20)}) {
            a.emit(VPADDD, power, power, zmm(2)).emit(VPSLLD, power, power, imm(23));
        }
    }
}
