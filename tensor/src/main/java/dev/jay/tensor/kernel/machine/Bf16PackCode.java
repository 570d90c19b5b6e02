// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVD;
import static dev.jay.tensor.asm.x86.Avx512.VCVTNE2PS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/** Sixteen rows of f32 to tiles of {@link Bf16Form}. Each has a pointer, so one may stand in for those that are missing. */
final class Bf16PackCode {
    /** Places in the block of arguments. */
    static final int OUT = 0;

    static final int STEPS = 1; // of 32 columns, at least 1
    static final int COLS = 2; // a bit for each of the 32 that are there, in every step
    static final int PLACE = 3; // for one tile
    static final int ROWS = 4; // 16 pointers

    private Bf16PackCode() {}

    static byte[] build(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Label step = a.label();
        a.emit(ENDBR64).emit(PUSH, RBX).emit(MOV, RBX, RDI);
        a.emit(MOV, RSI, mem(RBX, 8 * PLACE))
                .emit(MOV, RDX, mem(RBX, 8 * OUT))
                .emit(MOV, RCX, mem(RBX, 8 * STEPS))
                .emit(XOR, R9.low32(), R9.low32());
        a.emit(MOV, RAX, mem(RBX, 8 * COLS)).emit(KMOVD, k(1), RAX.low32());
        a.emit(SHR, RAX, imm(16)).emit(KMOVD, k(2), RAX.low32());
        a.align(32).bind(step);
        for (int i = 0; i < 16; i++) {
            Reg low = zmm(16 + 2 * (i % 4));
            Reg high = zmm(17 + 2 * (i % 4));
            a.emit(MOV, RAX, mem(RBX, 8 * (ROWS + i)));
            a.emit(VMOVUPS, low.zero(k(1)), mem(RAX, R9, 1, 0)).emit(VMOVUPS, high.zero(k(2)), mem(RAX, R9, 1, 64));
            a.emit(VCVTNE2PS2BF16, low, high, low).emit(VMOVDQU64, mem(RSI, 64 * i), low);
        }
        for (int half = 0; half < 2; half++) {
            int at = 32 * half;
            PanelCode.transpose32(a, r -> mem(RSI, 64 * r + at));
            for (int i = 0; i < 8; i++) a.emit(VMOVDQU64, mem(RDX, 64 * (8 * half + i)), zmm(24 + i));
        }
        a.emit(ADD, R9, imm(128)).emit(ADD, RDX, imm(Bf16Form.STEP_BYTES));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, step);
        return a.emit(VZEROUPPER).emit(POP, RBX).emit(RET).finish();
    }
}
