// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPBROADCASTD_GPR;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.INC;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VADDSS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VFNMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULSS;
import static dev.jay.tensor.asm.x86.Vectors.VSQRTPS;
import static dev.jay.tensor.asm.x86.Vectors.VSQRTSS;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * What training does between products. Arguments come in rdi, rsi, rdx, rcx, r8, r9; floats as their bits, where there
 * are more arguments than registers two of them in one, the second in the upper half.
 */
final class GradientCode {
    private final X86Assembler a;
    private final Constants constants;

    private GradientCode(Set<String> features) {
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        a.emit(ENDBR64);
    }

    private byte[] end() {
        a.emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    /** x, count; the sum of squares, in f32. */
    static byte[] squares(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        code.squares(RDI, RSI);
        a.emit(VMOVD, RAX.low32(), xmm(16));
        return code.end();
    }

    /** In every lane of zmm16; uses zmm17. */
    private void squares(Reg x, Reg count) {
        a.emit(VXORPS, zmm(16), zmm(16), zmm(16));
        Strips.loop(
                a,
                count,
                s -> a.emit(VMOVUPS, s.zero(zmm(17)), s.load(x)).emit(VFMADD231PS, zmm(16), zmm(17), zmm(17)));
        Strips.fold(a, VADDPS, zmm(16), zmm(17));
    }

    /** x, scale, first, rows, dim. */
    static byte[] causalSoftmax(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        RowSoftmax softmax = new RowSoftmax(a, code.constants);
        softmax.begin(RSI);
        code.rowsOfMore(RDX, RCX, () -> {
            softmax.row(RDI, RDX);
            code.clearRest(RDI, RDX, R8, RSI);
        });
        return code.end();
    }

    /** weights, d, scale, first, rows, dim. */
    static byte[] causalSoftmaxGradient(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        a.emit(VPBROADCASTD_GPR, zmm(30), RDX.low32());
        code.rowsOfMore(RCX, R8, () -> {
            a.emit(VXORPS, zmm(18), zmm(18), zmm(18));
            Strips.loop(a, RCX, s -> {
                a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI)).emit(VMOVUPS, s.zero(zmm(17)), s.load(RSI));
                a.emit(VFMADD231PS, zmm(18), zmm(16), zmm(17));
            });
            Strips.fold(a, VADDPS, zmm(18), zmm(17));
            Strips.loop(a, RCX, s -> {
                a.emit(VMOVUPS, s.zero(zmm(17)), s.load(RSI)).emit(VSUBPS, zmm(17), zmm(17), zmm(18));
                a.emit(VMULPS, s.zero(zmm(16)), zmm(17), s.load(RDI)).emit(VMULPS, zmm(16), zmm(16), zmm(30));
                a.emit(VMOVUPS, s.store(RSI), zmm(16));
            });
            a.emit(LEA, RDI, mem(RDI, R9, 4, 0));
            code.clearRest(RSI, RCX, R9, RDX);
        });
        return code.end();
    }

    /** For each of some rows: {@code seen}, at first one less, is one more for each. */
    private void rowsOfMore(Reg seen, Reg rows, Runnable row) {
        Label next = a.label();
        Label none = a.label();
        a.emit(TEST, rows, rows).jump(Condition.ZERO, none).bind(next).emit(INC, seen);
        row.run();
        a.emit(DEC, rows).jump(Condition.NOT_ZERO, next).bind(none);
    }

    /** Zeros behind what is seen of a row; x goes on to the next one. */
    private void clearRest(Reg x, Reg seen, Reg dim, Reg spare) {
        a.emit(LEA, x, mem(x, seen, 4, 0)).emit(MOV, spare, dim).emit(SUB, spare, seen);
        a.emit(VXORPS, zmm(16), zmm(16), zmm(16));
        Strips.loop(a, spare, s -> a.emit(VMOVUPS, s.store(x), zmm(16)));
        a.emit(LEA, x, mem(x, spare, 4, 0));
    }

    /** gate, up, d, dUp, count. */
    static byte[] swiGlu(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        Exp exp = new Exp(a, code.constants, zmm(31));
        Mem sign = code.constants.each(0x80000000);
        exp.begin();
        a.emit(VBROADCASTSS, zmm(30), code.constants.ints(Float.floatToRawIntBits(1)));
        Strips.loop(a, R8, s -> {
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI)).emit(VXORPS, zmm(17), zmm(16), sign);
            exp.emit(zmm(17), zmm(18), zmm(19), zmm(20));
            a.emit(VADDPS, zmm(17), zmm(17), zmm(30)).emit(VDIVPS, zmm(17), zmm(30), zmm(17)); // sigma
            a.emit(VMULPS, s.zero(zmm(18)), zmm(17), s.load(RDX)); // dy * sigma
            a.emit(VSUBPS, zmm(17), zmm(30), zmm(17))
                    .emit(VFMADD213PS, zmm(17), zmm(16), zmm(30)); // 1 + x * (1 - sigma)
            a.emit(VMULPS, zmm(16), zmm(16), zmm(18)).emit(VMULPS, zmm(17), zmm(17), zmm(18));
            a.emit(VMULPS, s.zero(zmm(17)), zmm(17), s.load(RSI));
            a.emit(VMOVUPS, s.store(RCX), zmm(16)).emit(VMOVUPS, s.store(RDX), zmm(17));
        });
        return code.end();
    }

    /** x, gain, (eps, dim), dy, dx, dGain. */
    static byte[] rmsNorm(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        a.emit(VMOVD, xmm(3), RDX.low32()).emit(SHR, RDX, imm(32));
        a.emit(VMOVD, xmm(4), RDX.low32()).emit(VCVTDQ2PS, xmm(4), xmm(4));
        code.squares(RDI, RDX);
        a.emit(VDIVSS, xmm(0), xmm(16), xmm(4)).emit(VADDSS, xmm(0), xmm(0), xmm(3));
        a.emit(VSQRTSS, xmm(0), xmm(0), xmm(0)).emit(VMOVSS, xmm(1), code.constants.ints(Float.floatToRawIntBits(1)));
        a.emit(VDIVSS, xmm(0), xmm(1), xmm(0)).emit(VBROADCASTSS, zmm(20), xmm(0)); // r
        a.emit(VXORPS, zmm(16), zmm(16), zmm(16));
        Strips.loop(a, RDX, s -> {
            a.emit(VMOVUPS, s.zero(zmm(17)), s.load(RCX)).emit(VMULPS, s.zero(zmm(17)), zmm(17), s.load(RSI));
            a.emit(VMOVUPS, s.zero(zmm(18)), s.load(RDI)).emit(VFMADD231PS, zmm(16), zmm(17), zmm(18));
        });
        Strips.fold(a, VADDPS, zmm(16), zmm(17));
        for (int i = 0; i < 3; i++) a.emit(VMULSS, xmm(16), xmm(16), xmm(0));
        a.emit(VDIVSS, xmm(16), xmm(16), xmm(4)).emit(VBROADCASTSS, zmm(21), xmm(16)); // along
        Strips.loop(a, RDX, s -> {
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI));
            a.emit(VMULPS, s.zero(zmm(17)), zmm(20), s.load(RCX)); // dy * r
            a.emit(VMOVUPS, s.zero(zmm(18)), s.load(R9)).emit(VFMADD231PS, zmm(18), zmm(17), zmm(16));
            a.emit(VMOVUPS, s.store(R9), zmm(18));
            a.emit(VMOVUPS, s.zero(zmm(18)), s.load(R8)).emit(VMOVUPS, s.zero(zmm(19)), s.load(RSI));
            a.emit(VFMADD231PS, zmm(18), zmm(17), zmm(19)).emit(VFNMADD231PS, zmm(18), zmm(16), zmm(21));
            a.emit(VMOVUPS, s.store(R8), zmm(18));
        });
        return code.end();
    }

    /** g, m, v, count, (scale, beta1), beta2. */
    static byte[] adamMeans(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        code.both(R8, zmm(20), zmm(21));
        a.emit(VPBROADCASTD_GPR, zmm(22), R9.low32());
        a.emit(VBROADCASTSS, zmm(16), code.constants.ints(Float.floatToRawIntBits(1)));
        a.emit(VSUBPS, zmm(23), zmm(16), zmm(21)).emit(VSUBPS, zmm(24), zmm(16), zmm(22));
        Strips.loop(a, RCX, s -> {
            a.emit(VMULPS, s.zero(zmm(16)), zmm(20), s.load(RDI)); // d
            a.emit(VMULPS, zmm(17), zmm(16), zmm(23)).emit(VMULPS, zmm(18), zmm(16), zmm(16));
            a.emit(VMULPS, zmm(18), zmm(18), zmm(24));
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RSI)).emit(VFMADD231PS, zmm(17), zmm(16), zmm(21));
            a.emit(VMOVUPS, s.store(RSI), zmm(17));
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDX)).emit(VFMADD231PS, zmm(18), zmm(16), zmm(22));
            a.emit(VMOVUPS, s.store(RDX), zmm(18));
        });
        return code.end();
    }

    /** w, m, v, count, (correct2, eps), (keep, -rate * correct1). */
    static byte[] adamMove(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        code.both(R8, zmm(20), zmm(21));
        code.both(R9, zmm(22), zmm(23));
        Strips.loop(a, RCX, s -> {
            a.emit(VMULPS, s.zero(zmm(16)), zmm(20), s.load(RDX)).emit(VSQRTPS, zmm(16), zmm(16));
            a.emit(VADDPS, zmm(16), zmm(16), zmm(21)).emit(VMULPS, s.zero(zmm(17)), zmm(23), s.load(RSI));
            a.emit(VDIVPS, zmm(17), zmm(17), zmm(16)).emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI));
            a.emit(VFMADD231PS, zmm(17), zmm(16), zmm(22)).emit(VMOVUPS, s.store(RDI), zmm(17));
        });
        return code.end();
    }

    /** sums, x, count. */
    static byte[] addSquares(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        Strips.loop(a, RDX, s -> {
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RSI)).emit(VMOVUPS, s.zero(zmm(17)), s.load(RDI));
            a.emit(VFMADD231PS, zmm(17), zmm(16), zmm(16)).emit(VMOVUPS, s.store(RDI), zmm(17));
        });
        return code.end();
    }

    /** w, g, (keep, -step), count. */
    static byte[] descend(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        code.both(RDX, zmm(20), zmm(21));
        Strips.loop(a, RCX, s -> {
            a.emit(VMULPS, s.zero(zmm(16)), zmm(21), s.load(RSI)).emit(VMOVUPS, s.zero(zmm(17)), s.load(RDI));
            a.emit(VFMADD231PS, zmm(16), zmm(17), zmm(20)).emit(VMOVUPS, s.store(RDI), zmm(16));
        });
        return code.end();
    }

    /** w, g, steps, keep, count. */
    static byte[] descendEach(Set<String> features) {
        GradientCode code = new GradientCode(features);
        X86Assembler a = code.a;
        a.emit(VPBROADCASTD_GPR, zmm(20), RCX.low32());
        Strips.loop(a, R8, s -> {
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI)).emit(VMULPS, zmm(16), zmm(16), zmm(20));
            a.emit(VMOVUPS, s.zero(zmm(17)), s.load(RSI)).emit(VMOVUPS, s.zero(zmm(18)), s.load(RDX));
            a.emit(VFNMADD231PS, zmm(16), zmm(17), zmm(18)).emit(VMOVUPS, s.store(RDI), zmm(16));
        });
        return code.end();
    }

    private void both(Reg pair, Reg first, Reg second) {
        a.emit(VPBROADCASTD_GPR, first, pair.low32()).emit(SHR, pair, imm(32));
        a.emit(VPBROADCASTD_GPR, second, pair.low32());
    }
}
