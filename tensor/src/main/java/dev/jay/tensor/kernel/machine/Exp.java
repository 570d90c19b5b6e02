// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VCMPPS;
import static dev.jay.tensor.asm.x86.Avx512.VRNDSCALEPS;
import static dev.jay.tensor.asm.x86.Avx512.VSCALEFPS;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMINPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * exp of sixteen floats: within 2e-7, relatively; 0 below {@link #LEAST}, where it would be subnormal; infinity where
 * it is too great for a float; NaN of NaN.
 */
final class Exp {
    private static final float LEAST = -87.3f;
    private static final float MOST = 89f; // exp is infinite from here on, and the whole number below is finite
    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0.693145752f; // few bits, so that n times it is exact
    private static final float LN2_LOW = 1.42860677e-6f;
    private static final float[] TERMS = {1.3981999e-3f, 8.3334519e-3f, 4.1665796e-2f, 1.6666666e-1f, 0.5f};
    private static final float FIRST = 1.9875691e-4f;
    private static final int NOT_LESS = 5; // of vcmpps; true of NaN
    private static final int NEAREST = 8; // of vrndscaleps: to a whole number, quietly

    private final X86Assembler a;
    private final Constants constants;
    private final Reg most;
    private final Mem least;
    private final Mem log2e;
    private final Mem high;
    private final Mem low;
    private final Mem first;
    private final Mem one;
    private final Mem[] terms = new Mem[TERMS.length];

    /** @param most a register that keeps a constant while {@link #emit} is used */
    Exp(X86Assembler a, Constants constants, Reg most) {
        this.a = a;
        this.constants = constants;
        this.most = most;
        least = constants.each(LEAST);
        log2e = constants.each(LOG2_E);
        high = constants.each(LN2_HIGH);
        low = constants.each(LN2_LOW);
        first = constants.ints(Float.floatToRawIntBits(FIRST));
        one = constants.each(1f);
        for (int i = 0; i < terms.length; i++) terms[i] = constants.each(TERMS[i]);
    }

    /** Once, before. */
    void begin() {
        a.emit(VBROADCASTSS, most, constants.ints(Float.floatToRawIntBits(MOST)));
    }

    /** x = exp(x), with three registers to spare; uses k7. */
    void emit(Reg x, Reg n, Reg r, Reg p) {
        a.emit(VCMPPS, k(7), x, least, imm(NOT_LESS));
        a.emit(VMINPS, r, most, x); // in this order a NaN stays
        a.emit(VMULPS, n, r, log2e).emit(VRNDSCALEPS, n, n, imm(NEAREST));
        a.emit(VFNMADD231PS, r, n, high).emit(VFNMADD231PS, r, n, low);
        a.emit(VBROADCASTSS, p, first);
        for (Mem term : terms) a.emit(VFMADD213PS, p, r, term);
        a.emit(VMULPS, x, r, r).emit(VFMADD213PS, p, x, r).emit(VADDPS, p, p, one);
        a.emit(VSCALEFPS, x.zero(k(7)), p, n);
    }
}
