// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFI32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * The bytes of eight blocks after eight blocks laid out anew for formats that keep two weights in a byte: four vectors,
 * [first halves of blocks 0 2 4 6][second halves of 0 2 4 6][first halves of 1 3 5 7][second halves of 1 3 5 7]. The low
 * and the high bits of one vector of weights then go to few sums. Block of arguments: from, units of eight blocks, to.
 */
final class SplitCode {
    static final int BLOCKS = 8; // of a unit

    private SplitCode() {}

    static byte[] build(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Label loop = a.label();
        a.emit(ENDBR64).emit(MOV, RCX, mem(RDI, 0)).emit(MOV, RAX, mem(RDI, 8)).emit(MOV, RDX, mem(RDI, 16));
        a.bind(loop);
        for (int i = 0; i < 4; i++) a.emit(VMOVDQU64, zmm(i), mem(RCX, 64 * i));
        for (int i = 0; i < 2; i++) {
            a.emit(VSHUFI32X4, zmm(16 + i), zmm(2 * i), zmm(2 * i + 1), imm(0x44)); // lanes 0 and 1 of both
            a.emit(VSHUFI32X4, zmm(18 + i), zmm(2 * i), zmm(2 * i + 1), imm(0xEE)); // lanes 2 and 3
        }
        for (int i = 0; i < 2; i++) {
            a.emit(VSHUFI32X4, zmm(0), zmm(16 + 2 * i), zmm(17 + 2 * i), imm(0x88));
            a.emit(VSHUFI32X4, zmm(1), zmm(16 + 2 * i), zmm(17 + 2 * i), imm(0xDD));
            a.emit(VMOVDQU64, mem(RDX, 128 * i), zmm(0)).emit(VMOVDQU64, mem(RDX, 128 * i + 64), zmm(1));
        }
        a.emit(ADD, RCX, imm(256)).emit(ADD, RDX, imm(256)).emit(DEC, RAX).jump(Condition.NOT_ZERO, loop);
        return a.emit(VZEROUPPER).emit(RET).finish();
    }
}
