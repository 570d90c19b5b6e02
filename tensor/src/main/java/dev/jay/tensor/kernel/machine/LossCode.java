// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPBROADCASTD_GPR;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.OR;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VMAXPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/** Parts of a cross-entropy. Arguments come in rdi, rsi, rdx, rcx, floats as their bits. */
final class LossCode {
    private final X86Assembler a;
    private final Constants constants;
    private final Exp exp;

    private LossCode(Set<String> features) {
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.exp = new Exp(a, constants, zmm(31));
        a.emit(ENDBR64);
        exp.begin();
    }

    private byte[] end() {
        a.emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    /** zmm29 = the greatest of it and x. */
    private void greatest() {
        Strips.loop(
                a,
                RSI,
                s -> a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI)).emit(VMAXPS, s.keep(zmm(29)), zmm(16), zmm(29)));
        Strips.fold(a, VMAXPS, zmm(29), zmm(16));
    }

    /** x, count, before: the greatest of all, and in the upper half the sum of exp(x - greatest). */
    static byte[] logSum(Set<String> features) {
        return sum(features, false);
    }

    /** The same; x = exp(x - greatest). */
    static byte[] powers(Set<String> features) {
        return sum(features, true);
    }

    private static byte[] sum(Set<String> features, boolean stores) {
        LossCode code = new LossCode(features);
        X86Assembler a = code.a;
        a.emit(VPBROADCASTD_GPR, zmm(29), RDX.low32());
        code.greatest();
        a.emit(VXORPS, zmm(28), zmm(28), zmm(28));
        Strips.loop(a, RSI, s -> {
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI)).emit(VSUBPS, zmm(16), zmm(16), zmm(29));
            code.exp.emit(zmm(16), zmm(17), zmm(18), zmm(19));
            if (stores) a.emit(VMOVUPS, s.store(RDI), zmm(16));
            a.emit(VADDPS, s.keep(zmm(28)), zmm(28), zmm(16));
        });
        Strips.fold(a, VADDPS, zmm(28), zmm(16));
        a.emit(VMOVD, RAX.low32(), xmm(29)).emit(VMOVD, RCX.low32(), xmm(28));
        a.emit(SHL, RCX, imm(32)).emit(OR, RAX, RCX);
        return code.end();
    }

    /** x, count, logSum, weight: x = exp(x - logSum) * weight; the greatest of them and 0. */
    static byte[] softmaxPart(Set<String> features) {
        LossCode code = new LossCode(features);
        X86Assembler a = code.a;
        a.emit(VPBROADCASTD_GPR, zmm(28), RDX.low32()).emit(VPBROADCASTD_GPR, zmm(30), RCX.low32());
        a.emit(VXORPS, zmm(29), zmm(29), zmm(29));
        Strips.loop(a, RSI, s -> {
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI)).emit(VSUBPS, zmm(16), zmm(16), zmm(28));
            code.exp.emit(zmm(16), zmm(17), zmm(18), zmm(19));
            a.emit(VMULPS, zmm(16), zmm(16), zmm(30)).emit(VMOVUPS, s.store(RDI), zmm(16));
            a.emit(VMAXPS, s.keep(zmm(29)), zmm(16), zmm(29));
        });
        Strips.fold(a, VMAXPS, zmm(29), zmm(16));
        a.emit(VMOVD, RAX.low32(), xmm(29));
        return code.end();
    }

    /** x, count, by: x *= by. */
    static byte[] scale(Set<String> features) {
        LossCode code = new LossCode(features);
        X86Assembler a = code.a;
        a.emit(VPBROADCASTD_GPR, zmm(30), RDX.low32());
        Strips.loop(
                a,
                RSI,
                s -> a.emit(VMULPS, s.zero(zmm(16)), zmm(30), s.load(RDI)).emit(VMOVUPS, s.store(RDI), zmm(16)));
        return code.end();
    }
}
