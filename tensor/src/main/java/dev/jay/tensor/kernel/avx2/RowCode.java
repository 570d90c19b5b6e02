// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.RET;
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
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VADDSS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCMPPS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMAXPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPAND;
import static dev.jay.tensor.asm.x86.Vectors.VPANDN;
import static dev.jay.tensor.asm.x86.Vectors.VPMINSD;
import static dev.jay.tensor.asm.x86.Vectors.VPOR;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VSQRTSS;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import dev.jay.tensor.kernel.machine.MachineRows;
import java.util.Set;

/**
 * The small operations. Arguments come in rdi, rsi, rdx, rcx, r8, r9, in the order of {@link
 * dev.jay.tensor.kernel.RowKernels}, eps and scale as their bits.
 */
final class RowCode {
    private static final int GREATER = 0x1E; // of vcmpps; false of NaN
    private static final int EQUAL = 0;
    private static final int ORDERED = 7;

    private final X86Assembler a;
    private final Constants constants;
    private final Strips strips;

    private RowCode(Set<String> features) {
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        this.strips = new Strips(a, constants);
        a.emit(ENDBR64);
    }

    static MachineRows.Code all(Set<String> features) {
        return new MachineRows.Code(
                rmsNorm(features),
                RotateCode.interleaved(features),
                RotateCode.halves(features),
                swiGlu(features),
                add(features),
                softmax(features),
                argMax(features));
    }

    private byte[] end() {
        a.emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    private Mem one(float value) {
        return constants.ints(Float.floatToRawIntBits(value));
    }

    /** x, y, rows, dim: each row of x += y. */
    private static byte[] add(Set<String> features) {
        RowCode code = new RowCode(features);
        code.rows(
                RDX,
                RCX,
                () -> code.strips.loop(RCX, s -> {
                    s.load(ymm(0), RDI);
                    s.load(ymm(1), RSI);
                    code.a.emit(VADDPS, ymm(0), ymm(0), ymm(1));
                    s.store(RDI, ymm(0));
                }));
        return code.end();
    }

    /** For each of some rows, which may be none; rdi goes from one to the next. Uses r9. */
    private void rows(Reg count, Reg dim, Runnable row) {
        Label next = a.label();
        Label none = a.label();
        a.emit(LEA, R9, mem(dim, dim, 1, 0)).emit(ADD, R9, R9);
        a.emit(TEST, count, count).jump(Condition.ZERO, none).bind(next);
        row.run();
        a.emit(ADD, RDI, R9).emit(DEC, count).jump(Condition.NOT_ZERO, next).bind(none);
    }

    /** x, gain, eps, out, rows, dim. */
    private static byte[] rmsNorm(Set<String> features) {
        RowCode code = new RowCode(features);
        X86Assembler a = code.a;
        a.emit(SUB, RCX, RDI); // out, from x
        a.emit(VMOVD, xmm(3), RDX.low32()).emit(VMOVD, xmm(4), R9.low32()).emit(VCVTDQ2PS, xmm(4), xmm(4));
        a.emit(MOV, RDX, R9);
        code.rows(R8, RDX, code::normRow);
        return code.end();
    }

    private void normRow() {
        a.emit(VXORPS, ymm(0), ymm(0), ymm(0));
        strips.loop(RDX, s -> {
            s.load(ymm(1), RDI);
            a.emit(VFMADD231PS, ymm(0), ymm(1), ymm(1));
        });
        Strips.fold(a, VADDPS, ymm(0), ymm(1));
        a.emit(VDIVSS, xmm(0), xmm(0), xmm(4)).emit(VADDSS, xmm(0), xmm(0), xmm(3));
        a.emit(VSQRTSS, xmm(0), xmm(0), xmm(0)).emit(VMOVSS, xmm(1), one(1));
        a.emit(VDIVSS, xmm(0), xmm(1), xmm(0)).emit(VBROADCASTSS, ymm(2), xmm(0));
        a.emit(ADD, RCX, RDI); // out
        strips.loop(RDX, s -> {
            s.load(ymm(0), RDI);
            s.load(ymm(1), RSI);
            a.emit(VMULPS, ymm(0), ymm(0), ymm(2)).emit(VMULPS, ymm(0), ymm(0), ymm(1));
            s.store(RCX, ymm(0));
        });
        a.emit(SUB, RCX, RDI);
    }

    /** x, y, count. */
    private static byte[] swiGlu(Set<String> features) {
        RowCode code = new RowCode(features);
        X86Assembler a = code.a;
        Exp exp = new Exp(a, code.constants);
        Mem sign = Exp.each(code.constants, 0x80000000);
        Mem one = Exp.each(code.constants, 1f);
        code.strips.loop(RDX, s -> {
            s.load(ymm(0), RDI);
            s.load(ymm(5), RSI);
            a.emit(VXORPS, ymm(1), ymm(0), sign);
            exp.emit(ymm(1), ymm(2), ymm(3), ymm(4));
            a.emit(VADDPS, ymm(1), ymm(1), one).emit(VDIVPS, ymm(0), ymm(0), ymm(1));
            a.emit(VMULPS, ymm(0), ymm(0), ymm(5));
            s.store(RDI, ymm(0));
        });
        return code.end();
    }

    /** x, scale, count. */
    private static byte[] softmax(Set<String> features) {
        RowCode code = new RowCode(features);
        X86Assembler a = code.a;
        Exp exp = new Exp(a, code.constants);
        Mem least = code.one(Float.NEGATIVE_INFINITY);
        a.emit(VMOVD, xmm(5), RSI.low32()).emit(VBROADCASTSS, ymm(5), xmm(5)).emit(VBROADCASTSS, ymm(6), least);
        code.strips.loop(RDX, s -> {
            s.load(ymm(0), RDI);
            if (s.isRest) a.emit(VBROADCASTSS, ymm(1), least);
            a.emit(VMULPS, ymm(0), ymm(0), ymm(5));
            s.replace(ymm(0), ymm(1));
            a.emit(VMAXPS, ymm(6), ymm(0), ymm(6)); // a NaN is passed over here, and meets the sum
        });
        Strips.fold(a, VMAXPS, ymm(6), ymm(0));
        a.emit(VXORPS, ymm(7), ymm(7), ymm(7));
        code.strips.loop(RDX, s -> {
            s.load(ymm(0), RDI);
            a.emit(VMULPS, ymm(0), ymm(0), ymm(5)).emit(VSUBPS, ymm(0), ymm(0), ymm(6));
            exp.emit(ymm(0), ymm(1), ymm(2), ymm(3));
            s.store(RDI, ymm(0));
            s.clear(ymm(0));
            a.emit(VADDPS, ymm(7), ymm(7), ymm(0));
        });
        Strips.fold(a, VADDPS, ymm(7), ymm(0));
        a.emit(VBROADCASTSS, ymm(0), code.one(1)).emit(VDIVPS, ymm(7), ymm(0), ymm(7));
        code.strips.loop(RDX, s -> {
            s.load(ymm(0), RDI);
            a.emit(VMULPS, ymm(0), ymm(0), ymm(7));
            s.store(RDI, ymm(0));
        });
        return code.end();
    }

    /** x, count; the index in rax. Each lane keeps its greatest and where that was, and where its first NaN was. */
    private static byte[] argMax(Set<String> features) {
        RowCode code = new RowCode(features);
        X86Assembler a = code.a;
        Mem eight = Exp.each(code.constants, 8);
        Mem least = code.one(Float.NEGATIVE_INFINITY);
        Mem last = code.constants.ints(Integer.MAX_VALUE);
        Label found = a.label();
        a.emit(VBROADCASTSS, ymm(0), least).emit(VXORPS, ymm(1), ymm(1), ymm(1));
        a.emit(VMOVUPS, ymm(2), code.constants.ints(0, 1, 2, 3, 4, 5, 6, 7)).emit(VBROADCASTSS, ymm(6), last);
        code.strips.loop(RSI, s -> {
            s.load(ymm(3), RDI);
            if (s.isRest) a.emit(VBROADCASTSS, ymm(4), least);
            s.replace(ymm(3), ymm(4));
            a.emit(VCMPPS, ymm(4), ymm(3), ymm(0), imm(GREATER)).emit(VMAXPS, ymm(0), ymm(3), ymm(0));
            choose(a, ymm(1), ymm(4), ymm(2), ymm(1));
            a.emit(VCMPPS, ymm(4), ymm(3), ymm(3), imm(ORDERED)).emit(VPSRLD, ymm(4), ymm(4), imm(1));
            a.emit(VPOR, ymm(4), ymm(4), ymm(2)).emit(VPMINSD, ymm(6), ymm(6), ymm(4)); // a number's is the last
            a.emit(VPADDD, ymm(2), ymm(2), eight);
        });
        Strips.fold(a, VPMINSD, ymm(6), ymm(4));
        a.emit(VMOVD, RAX.low32(), xmm(6))
                .emit(CMP, RAX, imm(Integer.MAX_VALUE))
                .jump(Condition.LESS, found);
        a.emit(VMOVUPS, ymm(3), ymm(0));
        Strips.fold(a, VMAXPS, ymm(3), ymm(4));
        a.emit(VCMPPS, ymm(4), ymm(0), ymm(3), imm(EQUAL));
        a.emit(VBROADCASTSS, ymm(2), last);
        choose(a, ymm(1), ymm(4), ymm(1), ymm(2));
        Strips.fold(a, VPMINSD, ymm(1), ymm(2));
        a.emit(VMOVD, RAX.low32(), xmm(1)).bind(found);
        return code.end();
    }

    /** to = yes where the mask is set, else no; the mask is lost. */
    private static void choose(X86Assembler a, Reg to, Reg mask, Reg yes, Reg no) {
        Reg way = ymm(5);
        a.emit(VPANDN, way, mask, no).emit(VPAND, mask, mask, yes).emit(VPOR, to, mask, way);
    }
}
