// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPERMT2D;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSHDUP;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSLDUP;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.TurnKernel;
import java.util.Set;

/** Rows of one shape, each in registers from when it is read until it is written: rows, n, bias, angles, to in rdi to r8. */
final class TurnCode {
    private static final int SIGN = 0x80000000;
    private static final int MOST_WIDTH = 256; // sixteen registers
    private static final Reg SIGNS = zmm(31); // interleaved: of the first of each pair; else of all
    private static final Reg EVEN = zmm(30); // cosines among pairs
    private static final Reg ODD = zmm(29);

    private final TurnKernel.Shape shape;
    private final X86Assembler a;
    private final Constants constants;

    private TurnCode(TurnKernel.Shape shape, Set<String> features) {
        this.shape = shape;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    /** Whether rows and what is turned of them are whole vectors. */
    static boolean fits(TurnKernel.Shape shape) {
        return shape.width() % 16 == 0
                && shape.width() <= MOST_WIDTH
                && shape.dim() % (shape.interleaved() ? 16 : 32) == 0;
    }

    static byte[] build(TurnKernel.Shape shape, Set<String> features) {
        return new TurnCode(shape, features).build();
    }

    private byte[] build() {
        RowStore store = new RowStore(shape.width(), shape.to().name().equals("bf16"));
        Label next = a.label();
        Label end = a.label();
        a.emit(ENDBR64);
        store.begin(a);
        int other = shape.interleaved() ? 0 : SIGN;
        a.emit(
                VMOVUPS,
                SIGNS,
                constants.ints(
                        SIGN, other, SIGN, other, SIGN, other, SIGN, other, SIGN, other, SIGN, other, SIGN, other, SIGN,
                        other));
        a.emit(VMOVUPS, EVEN, constants.ints(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
        a.emit(VMOVUPS, ODD, constants.ints(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
        a.emit(TEST, RSI, RSI).jump(Condition.ZERO, end).align(32).bind(next);
        row(store);
        a.emit(ADD, RDI, imm(4L * shape.width())).emit(ADD, RCX, imm(4L * shape.dim()));
        a.emit(ADD, R8, imm(store.rowBytes())).emit(DEC, RSI).jump(Condition.NOT_ZERO, next);
        a.bind(end).emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    private void row(RowStore store) {
        for (int v = 0; v < shape.width() / 16; v++) {
            a.emit(VMOVUPS, zmm(v), mem(RDI, 64 * v));
            if (shape.isBiased()) a.emit(VADDPS, zmm(v), zmm(v), mem(RDX, 64 * v));
        }
        if (shape.interleaved()) for (int v = 0; v < shape.dim() / 16; v++) neighbours(v);
        else for (int v = 0; v < shape.dim() / 32; v++) halves(v, v + shape.dim() / 32);
        for (int v = 0; v < shape.width() / 16; v += 2) {
            store.store(a, v / 2, mem(R8, v / 2 * store.blockBytes()), zmm(v), zmm(v + 1));
        }
    }

    private void neighbours(int v) {
        Mem angles = mem(RCX, 64 * v);
        Reg cos = zmm(16 + v % 4);
        Reg sin = zmm(20 + v % 4);
        Reg turned = zmm(24 + v % 4);
        a.emit(VMOVSLDUP, cos, angles).emit(VMOVSHDUP, sin, angles);
        a.emit(VPSHUFD, turned, zmm(v), imm(0xB1)).emit(VMULPS, turned, turned, sin);
        a.emit(VXORPS, turned, turned, SIGNS).emit(VMULPS, zmm(v), zmm(v), cos).emit(VADDPS, zmm(v), zmm(v), turned);
    }

    private void halves(int first, int second) {
        Reg cos = zmm(16 + first % 2);
        Reg sin = zmm(18 + first % 2);
        Reg x = zmm(20 + first % 2);
        Reg y = zmm(22 + first % 2);
        Mem more = mem(RCX, 128 * first + 64);
        a.emit(VMOVUPS, cos, mem(RCX, 128 * first)).emit(VMOVUPS, sin, cos);
        a.emit(VPERMT2D, cos, EVEN, more).emit(VPERMT2D, sin, ODD, more);
        a.emit(VMULPS, x, zmm(second), sin).emit(VXORPS, x, x, SIGNS).emit(VFMADD231PS, x, zmm(first), cos);
        a.emit(VMULPS, y, zmm(second), cos).emit(VFMADD231PS, y, zmm(first), sin);
        a.emit(VMOVUPS, zmm(first), x).emit(VMOVUPS, zmm(second), y);
    }
}
