// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VCMPPS;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU32;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
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
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VADDSS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
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
import static dev.jay.tensor.asm.x86.Vectors.VPMINSD;
import static dev.jay.tensor.asm.x86.Vectors.VSQRTSS;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * The small operations. Arguments come in rdi, rsi, rdx, rcx, r8, r9, in the order of {@link RowKernels}, eps and scale
 * as their bits.
 */
final class RowCode {
    private static final int GREATER = 0x1E; // of vcmpps; false of NaN
    private static final int EQUAL = 0;
    private static final int UNORDERED = 3;

    private final X86Assembler a;
    private final Constants constants;

    private RowCode(Set<String> features) {
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
        a.emit(ENDBR64);
    }

    /** All of them. */
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
    static byte[] add(Set<String> features) {
        RowCode code = new RowCode(features);
        code.rows(RDX, RCX, () -> Strips.loop(code.a, RCX, code::addStrip));
        return code.end();
    }

    private void addStrip(Strips.Strip s) {
        a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI)).emit(VMOVUPS, s.zero(zmm(17)), s.load(RSI));
        a.emit(VADDPS, zmm(16), zmm(16), zmm(17)).emit(VMOVUPS, s.store(RDI), zmm(16));
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
    static byte[] rmsNorm(Set<String> features) {
        RowCode code = new RowCode(features);
        X86Assembler a = code.a;
        a.emit(SUB, RCX, RDI); // out, from x
        a.emit(VMOVD, xmm(3), RDX.low32()).emit(VMOVD, xmm(4), R9.low32()).emit(VCVTDQ2PS, xmm(4), xmm(4));
        a.emit(MOV, RDX, R9);
        code.rows(R8, RDX, code::normRow);
        return code.end();
    }

    private void normRow() {
        a.emit(VXORPS, zmm(16), zmm(16), zmm(16));
        Strips.loop(
                a,
                RDX,
                s -> a.emit(VMOVUPS, s.zero(zmm(17)), s.load(RDI)).emit(VFMADD231PS, zmm(16), zmm(17), zmm(17)));
        Strips.fold(a, VADDPS, zmm(16), zmm(17));
        a.emit(VDIVSS, xmm(0), xmm(16), xmm(4)).emit(VADDSS, xmm(0), xmm(0), xmm(3));
        a.emit(VSQRTSS, xmm(0), xmm(0), xmm(0)).emit(VMOVSS, xmm(1), one(1));
        a.emit(VDIVSS, xmm(0), xmm(1), xmm(0)).emit(VBROADCASTSS, zmm(18), xmm(0));
        a.emit(ADD, RCX, RDI); // out
        Strips.loop(a, RDX, s -> {
            a.emit(VMULPS, s.zero(zmm(16)), zmm(18), s.load(RDI)).emit(VMULPS, s.zero(zmm(16)), zmm(16), s.load(RSI));
            a.emit(VMOVUPS, s.store(RCX), zmm(16));
        });
        a.emit(SUB, RCX, RDI);
    }

    /** x, y, count. */
    static byte[] swiGlu(Set<String> features) {
        RowCode code = new RowCode(features);
        X86Assembler a = code.a;
        Exp exp = new Exp(a, code.constants, zmm(31));
        Mem sign = code.constants.each(0x80000000);
        Mem one = code.constants.each(1f);
        exp.begin();
        Strips.loop(a, RDX, s -> {
            a.emit(VMOVUPS, s.zero(zmm(16)), s.load(RDI)).emit(VXORPS, zmm(17), zmm(16), sign);
            exp.emit(zmm(17), zmm(18), zmm(19), zmm(20));
            a.emit(VADDPS, zmm(17), zmm(17), one).emit(VDIVPS, zmm(16), zmm(16), zmm(17));
            a.emit(VMULPS, s.zero(zmm(16)), zmm(16), s.load(RSI)).emit(VMOVUPS, s.store(RDI), zmm(16));
        });
        return code.end();
    }

    /** x, scale, count. */
    static byte[] softmax(Set<String> features) {
        RowCode code = new RowCode(features);
        RowSoftmax softmax = new RowSoftmax(code.a, code.constants);
        softmax.begin(RSI);
        softmax.row(RDI, RDX);
        return code.end();
    }

    /** x, count; the index in rax. Each lane keeps its greatest and where that was, and where its first NaN was. */
    static byte[] argMax(Set<String> features) {
        RowCode code = new RowCode(features);
        X86Assembler a = code.a;
        Mem indices = code.constants.ints(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        Mem sixteen = code.constants.each(16);
        Mem least = code.one(Float.NEGATIVE_INFINITY);
        Mem last = code.constants.ints(Integer.MAX_VALUE);
        Label found = a.label();
        a.emit(VBROADCASTSS, zmm(16), least).emit(VPXORD, zmm(17), zmm(17), zmm(17));
        a.emit(VMOVDQU32, zmm(18), indices).emit(VBROADCASTSS, zmm(21), last);
        Strips.loop(a, RSI, s -> {
            if (s.isRest()) a.emit(VBROADCASTSS, zmm(19), least);
            a.emit(VMOVUPS, s.keep(zmm(19)), s.load(RDI)).emit(VCMPPS, k(2), zmm(19), zmm(16), imm(GREATER));
            a.emit(VMOVUPS, zmm(16).mask(k(2)), zmm(19)).emit(VMOVDQU32, zmm(17).mask(k(2)), zmm(18));
            a.emit(VCMPPS, k(3), zmm(19), zmm(19), imm(UNORDERED)).emit(VPMINSD, zmm(21).mask(k(3)), zmm(21), zmm(18));
            a.emit(VPADDD, zmm(18), zmm(18), sixteen);
        });
        Strips.fold(a, VPMINSD, zmm(21), zmm(20));
        a.emit(VMOVD, RAX.low32(), xmm(21))
                .emit(CMP, RAX, imm(Integer.MAX_VALUE))
                .jump(Condition.LESS, found);
        a.emit(VMOVUPS, zmm(19), zmm(16));
        Strips.fold(a, VMAXPS, zmm(19), zmm(20));
        a.emit(VCMPPS, k(2), zmm(16), zmm(19), imm(EQUAL));
        a.emit(VBROADCASTSS, zmm(18), last);
        a.emit(VMOVDQU32, zmm(18).mask(k(2)), zmm(17));
        Strips.fold(a, VPMINSD, zmm(18), zmm(20));
        a.emit(VMOVD, RAX.low32(), xmm(18)).bind(found);
        return code.end();
    }
}
