// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VBROADCASTI64X4;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPTERNLOGD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;
import static dev.jay.tensor.asm.x86.Vectors.VPSUBB;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** See {@link GroupQ6_K}; q stands for q - 32. The bytes of q go by way of the place, half a block at a time. */
final class UnpackQ6_K implements Unpack {
    private static final int BYTES = 64; // in the place, after the scales

    /** Truth table of a | (b & c). */
    private static final int OR_AND = 0xF8;

    @Override
    public int blockBytes() {
        return GroupQ6_K.BLOCK;
    }

    @Override
    public int blockCols() {
        return 256;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {
        a.emit(VPBROADCASTD, zmm(1), constants.ints(0x0F0F0F0F));
        a.emit(VPBROADCASTD, zmm(2), constants.ints(0x30303030));
        a.emit(VMOVDQU64, zmm(3), constants.ints(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2));
        a.emit(VPBROADCASTD, zmm(4), constants.ints(0x20202020));
    }

    @Override
    public void block(UnpackCode code) {
        X86Assembler a = code.a;
        a.emit(VPMOVSXBD, zmm(16), code.at(GroupQ6_K.SCALES)).emit(VCVTDQ2PS, zmm(16), zmm(16));
        a.emit(VPBROADCASTW, xmm(17), code.at(GroupQ6_K.SCALE)).emit(VCVTPH2PS, xmm(17), xmm(17));
        a.emit(VBROADCASTSS, zmm(17), xmm(17)).emit(VMULPS, zmm(16), zmm(16), zmm(17));
        a.emit(VMOVUPS, code.place(0), zmm(16));
        for (int half = 0; half < 2; half++) {
            bytes(code, half);
            for (int i = 0; i < 4; i++) {
                for (int part = 0; part < 2; part++) {
                    Reg q = zmm(24 + 2 * i + part);
                    a.emit(VPMOVSXBD, q, code.place(BYTES + 32 * i + 16 * part)).emit(VCVTDQ2PS, q, q);
                    a.emit(
                            VMULPS,
                            q,
                            q,
                            code.place(4 * (8 * half + 2 * i + part)).each());
                }
                code.store(4 * half + i, zmm(24 + 2 * i), zmm(25 + 2 * i));
            }
        }
    }

    /** q - 32 of half a block, in the order of columns, to the place. */
    private static void bytes(UnpackCode code, int half) {
        X86Assembler a = code.a;
        a.emit(VMOVDQU64, zmm(16), code.at(64 * half));
        a.emit(VBROADCASTI64X4, zmm(17), code.at(GroupQ6_K.HIGH + 32 * half)).emit(VPSRLVD, zmm(17), zmm(17), zmm(3));
        a.emit(VPSLLD, zmm(18), zmm(17), imm(4));
        a.emit(VPANDD, zmm(19), zmm(16), zmm(1)).emit(VPTERNLOGD, zmm(19), zmm(18), zmm(2), imm(OR_AND));
        a.emit(VPSUBB, zmm(19), zmm(19), zmm(4)).emit(VMOVDQU64, code.place(BYTES), zmm(19));
        a.emit(VPSRLD, zmm(16), zmm(16), imm(4)).emit(VPANDD, zmm(16), zmm(16), zmm(1));
        a.emit(VPTERNLOGD, zmm(16), zmm(17), zmm(2), imm(OR_AND));
        a.emit(VPSUBB, zmm(16), zmm(16), zmm(4)).emit(VMOVDQU64, code.place(BYTES + 64), zmm(16));
    }
}
