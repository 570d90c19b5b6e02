// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFF32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Instruction;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/** The beginning and the end of attention of few queries. */
final class FewEnds {
    private FewEnds() {}

    /**
     * A quad that has seen nothing. Takes the first query, the stride in bytes, the quad, how many queries (1 to 4; those
     * that are not there become zeros), and the bits of the float that queries are multiplied by.
     */
    static byte[] begin(FewLayout layout, Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Label clear = a.label();
        Label next = a.label();
        int width = layout.keyWidth();
        LaneMask.first(a, k(1), width % FewLayout.PART);
        a.emit(ENDBR64).emit(VMOVD, xmm(4), R8.low32()).emit(VBROADCASTSS, zmm(4), xmm(4));
        a.emit(VPXORD, zmm(5), zmm(5), zmm(5)).emit(MOV, R10, RDX);
        a.emit(MOV, RAX, imm(layout.quadBytes() / 64)).bind(clear).emit(VMOVUPS, mem(R10, 0), zmm(5));
        a.emit(ADD, R10, imm(64)).emit(DEC, RAX).jump(Condition.NOT_ZERO, clear);
        a.emit(VBROADCASTSS, zmm(0), constants.ints(Float.floatToRawIntBits(-Float.MAX_VALUE)));
        a.emit(VMOVUPS, mem(RDX, layout.max()), zmm(0));
        a.bind(next);
        for (int part = 0; part < layout.keyParts(); part++) {
            boolean isShort = width < FewLayout.PART * (part + 1);
            a.emit(VMULPS, isShort ? zmm(0).zero(k(1)) : zmm(0), zmm(4), mem(RDI, 64 * part));
            a.emit(VMOVUPS, mem(RDX, FewLayout.PART_BYTES * part), zmm(0));
        }
        a.emit(ADD, RDI, RSI).emit(ADD, RDX, imm(64));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next).emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    /**
     * out = sums / sum of weights, or zeros where nothing was seen; the sums of weights go into the first lanes of what
     * they were the parts of. Takes the first out, the stride in bytes, the quad, how many queries.
     */
    static byte[] finish(FewLayout layout, Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Label next = a.label();
        Label nothing = a.label();
        Label end = a.label();
        LaneMask.first(a, k(1), layout.valueWidth() % FewLayout.PART);
        a.emit(ENDBR64).emit(VPXORD, zmm(5), zmm(5), zmm(5));
        a.emit(VBROADCASTSS, zmm(3), constants.ints(Float.floatToRawIntBits(1f)));
        a.emit(VMOVUPS, zmm(0), mem(RDX, layout.sum()));
        foldSlots(a, VADDPS, zmm(0), zmm(1));
        a.emit(VMOVUPS, mem(RDX, layout.sum()), zmm(0)).emit(LEA, R10, mem(RDX, layout.sum()));
        a.bind(next).emit(MOV, RAX.low32(), mem(R10, 0)).emit(TEST, RAX, RAX).jump(Condition.ZERO, nothing);
        a.emit(VBROADCASTSS, zmm(4), mem(R10, 0)).emit(VDIVPS, zmm(4), zmm(3), zmm(4));
        for (int part = 0; part < layout.valueParts(); part++) {
            a.emit(VMULPS, zmm(0), zmm(4), mem(RDX, layout.sums() + FewLayout.PART_BYTES * part));
            store(a, layout, part, zmm(0));
        }
        a.jump(end).bind(nothing);
        for (int part = 0; part < layout.valueParts(); part++) store(a, layout, part, zmm(5));
        a.bind(end).emit(ADD, RDI, RSI).emit(ADD, RDX, imm(64)).emit(ADD, R10, imm(4));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next).emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    /** Every slot's lanes get what comes of all four: the same bits for each query, whatever stands beside it. */
    static void foldSlots(X86Assembler a, Instruction by, Reg lanes, Reg spare) {
        a.emit(VSHUFF32X4, spare, lanes, lanes, imm(0x4E)).emit(by, lanes, lanes, spare);
        a.emit(VSHUFF32X4, spare, lanes, lanes, imm(0xB1)).emit(by, lanes, lanes, spare);
    }

    private static void store(X86Assembler a, FewLayout layout, int part, Reg from) {
        Mem to = mem(RDI, 64 * part);
        a.emit(VMOVUPS, layout.valueWidth() < FewLayout.PART * (part + 1) ? to.mask(k(1)) : to, from);
    }
}
