// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VEXTRACTI64X4;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Avx512.VPCMPD;
import static dev.jay.tensor.asm.x86.Avx512.VPMOVSDB;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPS2DQ;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VEXTRACTI128;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPHADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPMAXSD;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSUBD;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.Vectors;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/** One row of f32 to {@link Int8Form}. Block of arguments: x, blocks, q, d, c, xs, c16, c16 of second halves, steps. */
final class PackCode {
    private static final int LEAST = 0x04000000; // 2^-119: 127 over less than this could overflow
    private static final int NOT_LESS = 5; // of vpcmpd

    private PackCode() {}

    static byte[] build(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Label loop = a.label();
        Reg[] places = {RCX, RDX, RSI, R8, R9, R10}; // q, d, c, xs, c16, c16 of second halves
        a.emit(ENDBR64).emit(PUSH, RBX).emit(MOV, RBX, RDI);
        a.emit(MOV, RDI, mem(RBX, 0)).emit(MOV, RAX, mem(RBX, 8));
        for (int i = 0; i < places.length; i++) a.emit(MOV, places[i], mem(RBX, 16 + 8 * i));
        a.emit(VBROADCASTSS, zmm(20), constants.ints(0x7FFFFFFF)); // all but the sign
        a.emit(VBROADCASTSS, zmm(21), constants.ints(LEAST));
        a.emit(VBROADCASTSS, zmm(22), constants.ints(Float.floatToRawIntBits(127f)));
        a.emit(VBROADCASTSS, zmm(23), constants.ints(Float.floatToRawIntBits(1 / 127f)));
        a.bind(loop);
        scale(a);
        bytes(a);
        sums(a);
        a.emit(ADD, RDI, imm(128));
        a.emit(ADD, RCX, mem(RBX, 64));
        for (int i = 1; i < 4; i++) a.emit(ADD, places[i], mem(RBX, 72));
        for (int i = 4; i < 6; i++) a.emit(ADD, places[i], mem(RBX, 80));
        a.emit(DEC, RAX).jump(Condition.NOT_ZERO, loop);
        a.emit(VZEROUPPER).emit(POP, RBX).emit(RET);
        constants.write();
        return a.finish();
    }

    /** zmm16, zmm17 = x; xmm3 = d; zmm18 = 127 / greatest magnitude. Compared as ints, so that a NaN is the greatest. */
    private static void scale(X86Assembler a) {
        a.emit(VMOVUPS, zmm(16), mem(RDI, 0)).emit(VMOVUPS, zmm(17), mem(RDI, 64));
        a.emit(VPANDD, zmm(18), zmm(20), zmm(16)).emit(VPANDD, zmm(19), zmm(20), zmm(17));
        a.emit(VPMAXSD, zmm(18), zmm(18), zmm(19));
        a.emit(VEXTRACTI64X4, ymm(19), zmm(18), imm(1)).emit(VPMAXSD, ymm(0), ymm(18), ymm(19));
        a.emit(VEXTRACTI128, xmm(1), ymm(0), imm(1)).emit(VPMAXSD, xmm(0), xmm(0), xmm(1));
        a.emit(VPSHUFD, xmm(1), xmm(0), imm(0x4E)).emit(VPMAXSD, xmm(0), xmm(0), xmm(1));
        a.emit(VPSHUFD, xmm(1), xmm(0), imm(0xB1)).emit(VPMAXSD, xmm(0), xmm(0), xmm(1));
        a.emit(VPCMPD, k(1), xmm(0), xmm(21), imm(NOT_LESS));
        a.emit(VMULPS, xmm(3).zero(k(1)), xmm(0), xmm(23)).emit(VMOVSS, mem(RDX, 0), xmm(3));
        a.emit(VDIVPS, xmm(0).zero(k(1)), xmm(22), xmm(0)).emit(VBROADCASTSS, zmm(18), xmm(0));
    }

    /** zmm16, zmm17 = q as ints, stored as bytes. */
    private static void bytes(X86Assembler a) {
        a.emit(VMULPS, zmm(16), zmm(16), zmm(18)).emit(VMULPS, zmm(17), zmm(17), zmm(18));
        a.emit(VCVTPS2DQ, zmm(16), zmm(16)).emit(VCVTPS2DQ, zmm(17), zmm(17));
        a.emit(VPMOVSDB, mem(RCX, 0), zmm(16)).emit(VPMOVSDB, mem(RCX, 16), zmm(17));
    }

    private static void sums(X86Assembler a) {
        a.emit(VEXTRACTI64X4, ymm(0), zmm(16), imm(1)).emit(VPADDD, ymm(0), ymm(0), ymm(16));
        a.emit(VEXTRACTI64X4, ymm(1), zmm(17), imm(1)).emit(VPADDD, ymm(1), ymm(1), ymm(17));
        a.emit(VPHADDD, ymm(0), ymm(0), ymm(1));
        a.emit(VEXTRACTI128, xmm(1), ymm(0), imm(1)).emit(VPADDD, xmm(0), xmm(0), xmm(1));
        a.emit(VPHADDD, xmm(0), xmm(0), xmm(0)); // sums of the halves: first, second, first, second
        a.emit(Vectors.VPXOR, xmm(2), xmm(2), xmm(2));
        a.emit(VPSLLD, xmm(1), xmm(0), imm(7)).emit(VPSUBD, xmm(1), xmm(2), xmm(1));
        a.emit(VMOVD, mem(R9, 0), xmm(1))
                .emit(Vectors.VPSHUFD, xmm(2), xmm(1), imm(1))
                .emit(VMOVD, mem(R10, 0), xmm(2));
        a.emit(VPADDD, xmm(1), xmm(1), xmm(2)).emit(VMOVD, mem(RSI, 0), xmm(1));
        a.emit(VPSHUFD, xmm(1), xmm(0), imm(1))
                .emit(VPADDD, xmm(0), xmm(0), xmm(1))
                .emit(VCVTDQ2PS, xmm(0), xmm(0));
        a.emit(VMULPS, xmm(0), xmm(0), xmm(3)).emit(VMOVSS, mem(R8, 0), xmm(0));
    }
}
