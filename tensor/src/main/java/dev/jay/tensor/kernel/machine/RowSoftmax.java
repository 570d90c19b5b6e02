// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPBROADCASTD_GPR;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMAXPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** Of one row: x = softmax(x * scale). Uses what {@link Strips} does, k7 and zmm16 to 19, 28, 29; keeps zmm30 and 31. */
final class RowSoftmax {
    private final X86Assembler a;
    private final Exp exp;
    private final Mem least;
    private final Mem one;

    RowSoftmax(X86Assembler a, Constants constants) {
        this.a = a;
        this.exp = new Exp(a, constants, zmm(31));
        this.least = constants.ints(Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
        this.one = constants.ints(Float.floatToRawIntBits(1));
    }

    /** Once, before. */
    void begin(Reg scaleBits) {
        exp.begin();
        a.emit(VPBROADCASTD_GPR, zmm(30), scaleBits.low32());
    }

    void row(Reg x, Reg count) {
        a.emit(VBROADCASTSS, zmm(29), least);
        Strips.loop(a, count, s -> {
            a.emit(VMULPS, s.zero(zmm(16)), zmm(30), s.load(x));
            a.emit(VMAXPS, s.keep(zmm(29)), zmm(16), zmm(29)); // a NaN is passed over here, and meets the sum
        });
        Strips.fold(a, VMAXPS, zmm(29), zmm(16));
        a.emit(VXORPS, zmm(28), zmm(28), zmm(28));
        Strips.loop(a, count, s -> {
            a.emit(VMULPS, s.zero(zmm(16)), zmm(30), s.load(x)).emit(VSUBPS, zmm(16), zmm(16), zmm(29));
            exp.emit(zmm(16), zmm(17), zmm(18), zmm(19));
            a.emit(VMOVUPS, s.store(x), zmm(16)).emit(VADDPS, s.keep(zmm(28)), zmm(28), zmm(16));
        });
        Strips.fold(a, VADDPS, zmm(28), zmm(16));
        a.emit(VBROADCASTSS, zmm(16), one).emit(VDIVPS, zmm(28), zmm(16), zmm(28));
        Strips.loop(
                a,
                count,
                s -> a.emit(VMULPS, s.zero(zmm(16)), zmm(28), s.load(x)).emit(VMOVUPS, s.store(x), zmm(16)));
    }
}
