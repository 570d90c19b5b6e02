// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU8;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * Sixteen packed codes to whole numbers as f32: each lane's code is shifted to the lowest bits, which look the number up,
 * whatever stands above. zmm30, zmm31, k4, k5 and, for codes at the end of a row, zmm29 are its own, and so are the first
 * {@link #TAIL_BYTES} of the working space.
 */
record LevelCode(int bits, int width) {
    static final int TAIL_BYTES = 64;

    /** Of fewer bits than 8: what codes stand for, by their lowest four bits. */
    static final Reg NUMBERS = zmm(31);

    private static final Reg SHIFTS = zmm(30);
    private static final Reg SECOND = k(4); // lanes 8 to 15
    private static final Reg TAIL = k(5); // bytes of a row's last codes

    void begin(GroupsCode code) {
        X86Assembler a = code.a;
        if (bits < 8) {
            int[] shifts = new int[16];
            int[] numbers = new int[16];
            for (int i = 0; i < 16; i++) {
                shifts[i] = i * bits % 32;
                numbers[i] = Float.floatToRawIntBits(i % (1 << bits));
            }
            a.emit(VMOVUPS, SHIFTS, code.constants.ints(shifts)).emit(VMOVUPS, NUMBERS, code.constants.ints(numbers));
        }
        a.emit(MOV, RAX.low32(), imm(0xFF00)).emit(KMOVW, SECOND, RAX.low32());
        LaneMask.first(a, TAIL, width % 16 * bits / 8);
    }

    /** Bytes of sixteen codes. */
    int partBytes() {
        return 2 * bits;
    }

    /** The {@code part}-th sixteen codes of a row; no byte is read behind its last. */
    void numbers(X86Assembler a, Reg to, int part, Mem from) {
        if (width - 16 * part >= 16) {
            numbers(a, to, from);
            return;
        }
        a.emit(VMOVDQU8, xmm(29).zero(TAIL), from).emit(VMOVDQU8, mem(R15, 0), xmm(29));
        numbers(a, to, mem(R15, 0));
    }

    private void numbers(X86Assembler a, Reg to, Mem from) {
        if (bits == 8) {
            a.emit(VPMOVZXBD, to, from).emit(VCVTDQ2PS, to, to);
            return;
        }
        a.emit(bits == 1 ? VPBROADCASTW : VPBROADCASTD, to, from);
        if (bits == 4) a.emit(VPBROADCASTD, to.mask(SECOND), KvLoad.after(from, 4));
        a.emit(VPSRLVD, to, to, SHIFTS).emit(VPERMPS, to, to, NUMBERS);
    }
}
