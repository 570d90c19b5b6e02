// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VCVTNEPS2BF16;
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
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/** The beginning and the end of attention on tiles. */
final class AmxEnds {
    private AmxEnds() {}

    /**
     * Queries become rows of bf16, and their sums zero. Takes queries, their stride in bytes, where the rows and where
     * the sums go, how many, and the bits of the float that queries are multiplied by.
     */
    static byte[] begin(AmxLayout layout, Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Label next = a.label();
        int width = layout.keyWidth();
        LaneMask.first(a, k(1), width % 16);
        a.emit(ENDBR64).emit(VMOVD, xmm(4), R9.low32()).emit(VBROADCASTSS, zmm(4), xmm(4));
        a.emit(VPXORD, zmm(5), zmm(5), zmm(5));
        a.bind(next);
        for (int part = 0; part < 2 * layout.keyTiles(); part++) {
            int left = width - 16 * part;
            Reg row = left >= 16 ? zmm(0) : zmm(0).zero(k(1));
            if (left > 0) a.emit(VMULPS, row, zmm(4), mem(RDI, 64 * part)).emit(VCVTNEPS2BF16, zmm(0).y(), zmm(0));
            a.emit(VMOVUPS, mem(RDX, 32 * part), left > 0 ? zmm(0).y() : zmm(5).y());
        }
        zeros(a, layout.valueTiles());
        a.emit(ADD, RDI, RSI).emit(ADD, RDX, imm(layout.queryRow()));
        a.emit(DEC, R8).jump(Condition.NOT_ZERO, next);
        a.emit(VZEROUPPER).emit(RET);
        return a.finish();
    }

    /** So many vectors from rcx on. */
    private static void zeros(X86Assembler a, int count) {
        Label next = a.label();
        a.emit(MOV, RAX, imm(count)).bind(next).emit(VMOVUPS, mem(RCX, 0), zmm(5));
        a.emit(ADD, RCX, imm(64)).emit(DEC, RAX).jump(Condition.NOT_ZERO, next);
    }

    /**
     * out = sums / sum of weights, or zeros where nothing was seen; the sum goes into the record after the maximum.
     * Takes out, its stride in bytes, records, sums, how many.
     */
    static byte[] finish(AmxLayout layout, Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        Constants constants = new Constants(a);
        Label next = a.label();
        Label nothing = a.label();
        Label end = a.label();
        LaneMask.first(a, k(1), layout.valueWidth() % 16);
        a.emit(ENDBR64).emit(VPXORD, zmm(5), zmm(5), zmm(5));
        a.bind(next).emit(VMOVUPS, zmm(0), mem(RDX, AmxLayout.SUM));
        Strips.fold(a, VADDPS, zmm(0), zmm(1));
        a.emit(VMOVSS, mem(RDX, AmxLayout.MAX + 4), xmm(0));
        a.emit(VBROADCASTSS, zmm(4), constants.ints(Float.floatToRawIntBits(1f)))
                .emit(VDIVPS, zmm(4), zmm(4), zmm(0));
        a.emit(MOV, RAX.low32(), mem(RDX, AmxLayout.MAX + 4))
                .emit(TEST, RAX, RAX)
                .jump(Condition.ZERO, nothing);
        for (int part = 0; part < layout.valueTiles(); part++) {
            a.emit(VMULPS, zmm(0), zmm(4), mem(RCX, 64 * part));
            store(a, layout, part, zmm(0));
        }
        a.jump(end).bind(nothing);
        for (int part = 0; part < layout.valueTiles(); part++) store(a, layout, part, zmm(5));
        a.bind(end).emit(ADD, RDI, RSI).emit(ADD, RDX, imm(AmxLayout.RECORD));
        a.emit(ADD, RCX, imm(layout.sumRow()));
        a.emit(DEC, R8).jump(Condition.NOT_ZERO, next).emit(VZEROUPPER).emit(RET);
        constants.write();
        return a.finish();
    }

    private static void store(X86Assembler a, AmxLayout layout, int part, Reg from) {
        boolean isShort = layout.valueWidth() < 16 * (part + 1);
        a.emit(VMOVUPS, isShort ? mem(RDI, 64 * part).mask(k(1)) : mem(RDI, 64 * part), from);
    }
}
