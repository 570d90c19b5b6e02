// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VANDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPS2DQ;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VEXTRACTI128;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;
import static dev.jay.tensor.asm.x86.Vectors.VMOVQ;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPACKSSDW;
import static dev.jay.tensor.asm.x86.Vectors.VPACKSSWB;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPAND;
import static dev.jay.tensor.asm.x86.Vectors.VPCMPGTD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMD;
import static dev.jay.tensor.asm.x86.Vectors.VPHADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPMAXSD;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSUBD;
import static dev.jay.tensor.asm.x86.Vectors.VPXOR;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Set;

/** One row of f32 to {@link ByteForm}. Arguments: x, blocks, q, d, bytes of the plane of d. */
final class PackCode {
    private static final int BELOW_LEAST = 0x03FFFFFF; // just under 2^-119: 127 over less than that could overflow

    private PackCode() {}

    static byte[] build(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Label loop = a.label();
        a.emit(ENDBR64).emit(LEA, R9, mem(R8, R8, 2, 0)).emit(ADD, R9, RCX); // c16
        a.emit(VMOVDQU, ymm(11), constants.ints(0, 4, 1, 5, 2, 6, 3, 7)); // of packed fours
        a.emit(VBROADCASTSS, ymm(12), constants.ints(0x7FFFFFFF)); // all but the sign
        a.emit(VBROADCASTSS, xmm(13), constants.ints(BELOW_LEAST));
        a.emit(VBROADCASTSS, xmm(14), constants.ints(Float.floatToRawIntBits(127f)));
        a.emit(VBROADCASTSS, xmm(15), constants.ints(Float.floatToRawIntBits(1 / 127f)));
        a.align(32).bind(loop);
        scale(a);
        bytes(a);
        sums(a);
        a.emit(ADD, RDI, imm(128))
                .emit(ADD, RDX, imm(32))
                .emit(ADD, RCX, imm(4))
                .emit(ADD, R9, imm(8));
        a.emit(DEC, RSI).jump(Condition.NOT_ZERO, loop);
        a.emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    /** ymm0 to ymm3 = x; xmm6 = d; ymm4 = 127 / greatest magnitude. Compared as ints, so that a NaN is the greatest. */
    private static void scale(X86Assembler a) {
        for (int i = 0; i < 4; i++) a.emit(VMOVUPS, ymm(i), mem(RDI, 32 * i));
        a.emit(VANDPS, ymm(4), ymm(0), ymm(12));
        for (int i = 1; i < 4; i++) a.emit(VANDPS, ymm(5), ymm(i), ymm(12)).emit(VPMAXSD, ymm(4), ymm(4), ymm(5));
        a.emit(VEXTRACTI128, xmm(5), ymm(4), imm(1)).emit(VPMAXSD, xmm(4), xmm(4), xmm(5));
        a.emit(VPSHUFD, xmm(5), xmm(4), imm(0x4E)).emit(VPMAXSD, xmm(4), xmm(4), xmm(5));
        a.emit(VPSHUFD, xmm(5), xmm(4), imm(0xB1)).emit(VPMAXSD, xmm(4), xmm(4), xmm(5));
        a.emit(VPCMPGTD, xmm(7), xmm(4), xmm(13));
        a.emit(VMULPS, xmm(6), xmm(4), xmm(15))
                .emit(VPAND, xmm(6), xmm(6), xmm(7))
                .emit(VMOVSS, mem(RCX, 0), xmm(6));
        a.emit(VDIVPS, xmm(4), xmm(14), xmm(4))
                .emit(VPAND, xmm(4), xmm(4), xmm(7))
                .emit(VBROADCASTSS, ymm(4), xmm(4));
    }

    /** ymm0 to ymm3 = q as ints, stored as bytes. */
    private static void bytes(X86Assembler a) {
        for (int i = 0; i < 4; i++) a.emit(VMULPS, ymm(i), ymm(i), ymm(4)).emit(VCVTPS2DQ, ymm(i), ymm(i));
        a.emit(VPACKSSDW, ymm(4), ymm(0), ymm(1)).emit(VPACKSSDW, ymm(5), ymm(2), ymm(3));
        a.emit(VPACKSSWB, ymm(4), ymm(4), ymm(5)).emit(VPERMD, ymm(4), ymm(11), ymm(4));
        a.emit(VMOVDQU, mem(RDX, 0), ymm(4));
    }

    private static void sums(X86Assembler a) {
        a.emit(VPADDD, ymm(0), ymm(0), ymm(1))
                .emit(VPADDD, ymm(2), ymm(2), ymm(3))
                .emit(VPHADDD, ymm(0), ymm(0), ymm(2));
        a.emit(VEXTRACTI128, xmm(1), ymm(0), imm(1)).emit(VPADDD, xmm(0), xmm(0), xmm(1));
        a.emit(VPHADDD, xmm(0), xmm(0), xmm(0)); // sums of the halves: first, second, first, second
        a.emit(VPXOR, xmm(2), xmm(2), xmm(2))
                .emit(VPSLLD, xmm(1), xmm(0), imm(7))
                .emit(VPSUBD, xmm(1), xmm(2), xmm(1));
        a.emit(VMOVQ, mem(R9, 0), xmm(1)).emit(VPSHUFD, xmm(2), xmm(1), imm(1)).emit(VPADDD, xmm(1), xmm(1), xmm(2));
        a.emit(VMOVD, mem(RCX, R8, 1, 0), xmm(1));
        a.emit(VPSHUFD, xmm(1), xmm(0), imm(1))
                .emit(VPADDD, xmm(0), xmm(0), xmm(1))
                .emit(VCVTDQ2PS, xmm(0), xmm(0));
        a.emit(VMULPS, xmm(0), xmm(0), xmm(6)).emit(VMOVSS, mem(RCX, R8, 2, 0), xmm(0));
    }
}
