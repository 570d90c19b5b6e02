// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VANDPS;
import static dev.jay.tensor.asm.x86.Vectors.VCMPPS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPS2DQ;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMINPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRAD;
import static dev.jay.tensor.asm.x86.Vectors.VPSUBD;
import static dev.jay.tensor.asm.x86.Vectors.VROUNDPS;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Arrays;

/**
 * exp of eight floats: within 2e-7, relatively; 0 below -87.3, where it would be subnormal; infinity where it is too great
 * for a float; NaN of NaN. The power of two is multiplied in halves, so that the greatest one has no need of a bit more.
 */
final class Exp {
    private static final float[] TERMS = {1.3981999e-3f, 8.3334519e-3f, 4.1665796e-2f, 1.6666666e-1f, 0.5f};
    private static final int NOT_LESS = 5; // of vcmpps; true of NaN
    private static final int NEAREST = 8; // of vroundps: to a whole number, quietly
    private static final int BIAS = 127;
    private static final int MANTISSA = 23;

    private final X86Assembler a;
    private final Mem most;
    private final Mem least;
    private final Mem log2e;
    private final Mem high;
    private final Mem low;
    private final Mem first;
    private final Mem one;
    private final Mem bias;
    private final Mem[] terms = new Mem[TERMS.length];

    Exp(X86Assembler a, Constants constants) {
        this.a = a;
        most = each(constants, 89f); // infinite from here on
        least = each(constants, -87.3f);
        log2e = each(constants, 1.44269504f);
        high = each(constants, 0.693145752f); // ln 2: few bits, so that n times it is exact
        low = each(constants, 1.42860677e-6f); // the rest of it
        first = each(constants, 1.9875691e-4f);
        one = each(constants, 1f);
        bias = each(constants, BIAS);
        for (int i = 0; i < terms.length; i++) terms[i] = each(constants, TERMS[i]);
    }

    /** Eight times. */
    static Mem each(Constants constants, int value) {
        int[] eight = new int[8];
        Arrays.fill(eight, value);
        return constants.ints(eight);
    }

    static Mem each(Constants constants, float value) {
        return each(constants, Float.floatToRawIntBits(value));
    }

    /** x = exp(x), with three registers to spare. */
    void emit(Reg x, Reg n, Reg r, Reg p) {
        a.emit(VMOVUPS, r, most).emit(VMINPS, r, r, x); // in this order a NaN stays
        a.emit(VCMPPS, x, x, least, imm(NOT_LESS));
        a.emit(VMULPS, n, r, log2e).emit(VROUNDPS, n, n, imm(NEAREST));
        a.emit(VFNMADD231PS, r, n, high).emit(VFNMADD231PS, r, n, low);
        a.emit(VMOVUPS, p, first);
        for (Mem term : terms) a.emit(VFMADD213PS, p, r, term);
        a.emit(VMULPS, p, p, r).emit(VFMADD213PS, p, r, r).emit(VADDPS, p, p, one);
        a.emit(VCVTPS2DQ, n, n).emit(VPSRAD, r, n, imm(1)).emit(VPSUBD, n, n, r);
        for (Reg part : new Reg[] {r, n}) {
            a.emit(VPADDD, part, part, bias)
                    .emit(VPSLLD, part, part, imm(MANTISSA))
                    .emit(VMULPS, p, p, part);
        }
        a.emit(VANDPS, x, x, p);
    }
}
