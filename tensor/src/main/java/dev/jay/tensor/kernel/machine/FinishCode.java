// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/** The end of attention: out / sum, or zeros where nothing was seen. Takes out, its stride, records, queries, width. */
final class FinishCode {
    private FinishCode() {}

    static byte[] build(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Label next = a.label();
        Label nothing = a.label();
        Label end = a.label();
        a.emit(ENDBR64).emit(VBROADCASTSS, zmm(17), constants.ints(Float.floatToRawIntBits(1f)));
        a.bind(next).emit(VBROADCASTSS, zmm(18), mem(RDX, AttentionCode.SUM)).emit(VDIVPS, zmm(18), zmm(17), zmm(18));
        a.emit(MOV, R9.low32(), mem(RDX, AttentionCode.SUM)).emit(TEST, R9, R9).jump(Condition.ZERO, nothing);
        Strips.loop(
                a,
                R8,
                s -> a.emit(VMULPS, s.zero(zmm(16)), zmm(18), s.load(RDI)).emit(VMOVUPS, s.store(RDI), zmm(16)));
        a.jump(end).bind(nothing).emit(VPXORD, zmm(16), zmm(16), zmm(16));
        Strips.loop(a, R8, s -> a.emit(VMOVUPS, s.store(RDI), zmm(16)));
        a.bind(end).emit(ADD, RDI, RSI).emit(ADD, RDX, imm(AttentionCode.RECORD));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next).emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }
}
