// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

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
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;
import static dev.jay.tensor.kernel.machine.AttentionCode.RECORD;
import static dev.jay.tensor.kernel.machine.AttentionCode.SUM;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Set;

/** The end of attention: out / sum; nothing was seen where that is 0. Takes out, its stride, records, queries, width. */
final class FinishCode {
    private FinishCode() {}

    static byte[] build(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Strips strips = new Strips(a, constants);
        Label next = a.label();
        Label nothing = a.label();
        a.emit(ENDBR64);
        a.bind(next).emit(MOV, R9.low32(), mem(RDX, SUM)).emit(TEST, R9, R9).jump(Condition.ZERO, nothing);
        a.emit(VBROADCASTSS, ymm(0), mem(RDX, SUM));
        a.emit(VBROADCASTSS, ymm(1), constants.ints(Float.floatToRawIntBits(1f)));
        a.emit(VDIVPS, ymm(1), ymm(1), ymm(0));
        strips.loop(R8, s -> {
            s.load(ymm(0), RDI);
            a.emit(VMULPS, ymm(0), ymm(0), ymm(1));
            s.store(RDI, ymm(0));
        });
        a.bind(nothing).emit(ADD, RDI, RSI).emit(ADD, RDX, imm(RECORD));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next).emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }
}
