// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VREDUCEPS;
import static dev.jay.tensor.asm.x86.Avx512.VSCALEFPS;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.X86Assembler;

/** Powers of two by a polynomial, within 8e-5: that of 0 is almost 1. (Source: FlashAttention-4.) */
final class Powers {
    private static final float[] POWER = {9.9992522e-1f, 6.9583354e-1f, 2.2606716e-1f, 7.8024523e-2f};
    private static final int FLOOR = 1; // of vreduceps: what is left above the next whole number down

    private final X86Assembler a;
    private final Mem[] power = new Mem[POWER.length];

    Powers(X86Assembler a, Constants constants) {
        this.a = a;
        for (int i = 0; i < power.length; i++) power[i] = constants.ints(Float.floatToRawIntBits(POWER[i]));
    }

    /** zmm0 to zmm3 = what {@link #power} needs. */
    void begin() {
        for (int i = 0; i < power.length; i++) a.emit(VBROADCASTSS, zmm(i), power[i]);
    }

    /** x = 2 to the power of x, for {@code count} registers from x; as many from f and p are used. */
    void power(int x, int f, int p, int count) {
        for (int i = 0; i < count; i++) a.emit(VREDUCEPS, zmm(f + i), zmm(x + i), imm(FLOOR));
        for (int i = 0; i < count; i++) a.emit(VMOVUPS, zmm(p + i), zmm(3));
        for (int term = 2; term >= 0; term--) {
            for (int i = 0; i < count; i++) a.emit(VFMADD213PS, zmm(p + i), zmm(f + i), zmm(term));
        }
        for (int i = 0; i < count; i++) a.emit(VSCALEFPS, zmm(x + i), zmm(p + i), zmm(x + i));
    }
}
